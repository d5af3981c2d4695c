import type { ClientAccess, NotAdmitted } from "./client_access.ts";
import {
  ClientHeaders,
  NOTHING_TOLD,
  type ToldHeaders,
} from "./client_headers.ts";
import type { Config } from "./config/config.ts";
import type { Connections, LiveConnection } from "./connections.ts";
import type { Deadlines } from "./deadlines.ts";
import { type ErrorCode, SidecarError } from "./errors.ts";
import {
  type ConnectionTimeouts,
  ServerConnection,
} from "./http/server_connection.ts";
import { Http2Buffers } from "./http2/buffers.ts";
import { ServerSession } from "./http2/server_session.ts";
import type { ClientIdentity } from "./identity/client_identity.ts";
import type { Sealer } from "./identity/seal/signer.ts";
import type { Logger } from "./log.ts";
import type { MaterialStore } from "./material/store.ts";
import type { Observations } from "./observations/observations.ts";
import { Http1Handler } from "./proxy/http1_handler.ts";
import { Http2Handler } from "./proxy/http2_handler.ts";
import { Session, type SessionDependencies } from "./proxy/session.ts";
import type { Limit } from "./tally.ts";
import type { Refusal, Unverified } from "./tls/handshake.ts";
import type {
  AdmittedConnection,
  SecureConnection,
} from "./tls/secure_connection.ts";
import { type Grounds, REFUSED } from "./trust_keeper.ts";

export interface ReceptionOptions {
  readonly config: Config;
  readonly access: ClientAccess;
  readonly connections: Connections<Grounds>;
  readonly sessions: SessionDependencies;
  readonly store: MaterialStore;
  /** Undefined where requests are not sealed. */
  readonly sealer: Sealer | undefined;
  readonly deadlines: Deadlines;
  readonly log: Logger;
  readonly observations: Observations;
  /** Aborted when the connections there are shall be the last. */
  readonly draining: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told of each limit that a client meets. */
  readonly onLimit: (limit: Limit) => void;
  /** Told whenever a connection has ended. */
  readonly onEnded: () => void;
}

/**
 * Takes connections over from the door: asks whether their clients may enter,
 * and serves them, or refuses them in the way that the settings name.
 */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #headers: ClientHeaders;
  readonly #timeouts: ConnectionTimeouts;
  readonly #http2Buffers: Http2Buffers;

  constructor(options: ReceptionOptions) {
    this.#options = options;
    const { config, sessions } = options;
    this.#headers = new ClientHeaders(config);
    this.#timeouts = {
      headerMs: 1000 * config.headerTimeoutSecs,
      keepAliveMs: 1000 * config.keepAliveTimeoutSecs,
      bodyMs: 1000 * config.bodyTimeoutSecs,
    };
    this.#http2Buffers = new Http2Buffers(sessions.writers);
  }

  /** For a client whose certificate is good. */
  readonly admitted = (secure: AdmittedConnection): void => {
    const { access, log, now, observations: { tally } } = this.#options;
    const { standing, address } = secure.facts;
    const judged = access.judge(standing, now());
    if ("admitted" in judged) return this.#notAdmitted(secure, judged);
    const { by, until, wouldRefuse, rule, peer } = judged.verdict;
    const client = {
      client: address,
      subject_hash: standing.client.subjectHash,
    };
    if (wouldRefuse !== undefined) {
      tally.add("access_would_deny", wouldRefuse.code);
      log.info("client would be refused", { ...wouldRefuse, ...client });
    } else if (until !== Infinity) {
      log.warning("client let in until peers are pinned", {
        ...client,
        spki: standing.client.spki,
        until: new Date(until).toISOString(),
      });
    } else log.debug("client admitted", { by, rule, peer, ...client });
    let headers;
    try {
      headers = this.#identityHeaders(secure, peer);
    } catch (error) {
      if (error instanceof SidecarError && error.code === "LEAF_MALFORMED") {
        const { code, message: detail } = error;
        return this.unverified(secure, { code, detail, leaf: leafOf(secure) });
      }
      return this.#close(secure, { code: "INTERNAL", detail: String(error) });
    }
    this.#serve(secure, {
      grounds: judged,
      headers,
      refusal: undefined,
      client: standing.client,
    });
  };

  /** For a client whose certificate is missing or not good. */
  readonly unverified = (
    secure: SecureConnection,
    reason: Unverified,
  ): void => {
    const { code, detail } = reason;
    if (this.#options.config.unverified === "close") {
      return this.#close(secure, reason);
    }
    this.#serve(secure, {
      grounds: REFUSED,
      headers: NOTHING_TOLD,
      refusal: refusal(code, detail),
      client: undefined,
    });
    this.#tellOfRefusal({ ...reason, address: secure.facts.address });
  };

  /** For a connection that came to nothing, and is closed. */
  readonly refused = (refusal: Refusal): void => {
    this.#tellOfRefusal(refusal);
    this.#options.onEnded();
  };

  #notAdmitted(
    secure: AdmittedConnection,
    { code, detail, close }: NotAdmitted,
  ): void {
    const { config, observations: { tally } } = this.#options;
    tally.add("access_denied", code);
    const reason = { code, detail, leaf: leafOf(secure) };
    if (close || config.accessRefuse === "close") {
      return this.#close(secure, reason);
    }
    this.#serve(secure, {
      grounds: REFUSED,
      headers: NOTHING_TOLD,
      refusal: refusal(code, detail),
      client: secure.facts.standing.client,
    });
    this.#tellOfRefusal({ ...reason, address: secure.facts.address });
  }

  #close(secure: SecureConnection, reason: Omit<Refusal, "address">): void {
    secure.destroy();
    this.refused({ ...reason, address: secure.facts.address });
  }

  #tellOfRefusal(refusal: Refusal): void {
    const { code, detail, address } = refusal;
    const { log, observations: { journal, tally } } = this.#options;
    tally.add("connections_refused", code);
    journal.refuse(refusal);
    log.info("connection refused", { code, detail, client: address });
  }

  /** Throws `LEAF_MALFORMED` where the client cannot be told of without ambiguity. */
  #identityHeaders(
    { facts: { standing } }: AdmittedConnection,
    peer: string | undefined,
  ): ToldHeaders {
    const { store, observations: { tally } } = this.#options;
    const { certificate: own } = store.current.material;
    const headers = this.#headers.of({ standing, own, peer });
    if (headers.trimmed) tally.add("identity_headers_trimmed", "certificate");
    return headers;
  }

  #serve(
    secure: SecureConnection,
    { grounds, headers, refusal, client }: {
      grounds: Grounds;
      headers: ToldHeaders;
      refusal: SidecarError | undefined;
      client: ClientIdentity | undefined;
    },
  ): void {
    const { connections, deadlines, sealer, sessions } = this.#options;
    const { connections: counts } = this.#options.observations;
    const { protocol } = secure.facts;
    const session = new Session(sessions, {
      ...secure.facts,
      fingerprint: client?.fingerprint,
      subjectHash: client?.subjectHash,
      identityLines: headers.octets,
      seal: sealer?.connection(headers.lines),
      refusal,
    });
    const common = {
      timeouts: this.#timeouts,
      deadlines,
      onLimit: this.#options.onLimit,
      mayServe: () => connections.trusts(connection),
    };
    let connection: LiveConnection, run: () => Promise<void>;
    if (protocol === "h2") {
      const http2 = new ServerSession(secure, {
        ...common,
        buffers: this.#http2Buffers,
        tunnels: sessions.tunnels !== undefined,
      });
      connection = http2;
      run = () => http2.run(new Http2Handler(session));
    } else {
      const http1 = new ServerConnection(secure, common);
      connection = http1;
      run = () => http1.run(new Http1Handler(session));
    }
    connections.add(connection, grounds);
    counts.opened(protocol);
    if (this.#options.draining.aborted) connection.retire();
    run().then(() => {
      connections.delete(connection);
      counts.closed(protocol);
      this.#options.onEnded();
    });
  }
}

function refusal(code: ErrorCode, detail: string): SidecarError {
  return new SidecarError(code, `Cannot let the client in: ${detail}`);
}

function leafOf({ facts }: AdmittedConnection): Uint8Array | undefined {
  return facts.standing.presented[0];
}

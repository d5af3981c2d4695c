import { SidecarError } from "./errors.ts";
import type { Logger } from "./log.ts";

/** What new trust would do to those who are connected now. */
export interface Effect {
  /** How many clients are in. */
  readonly clients: number;
  /** How many of them it would refuse. */
  readonly refused: number;
  /** How many of those not because a CRL names them: that is meant, were it the only client. */
  readonly lockedOut: number;
}

/** What comes to the same as several effects that concern different connections. */
export function sumOf(effects: readonly Effect[]): Effect {
  const sum = { clients: 0, refused: 0, lockedOut: 0 };
  for (const { clients, refused, lockedOut } of effects) {
    sum.clients += clients;
    sum.refused += refused;
    sum.lockedOut += lockedOut;
  }
  return sum;
}

/**
 * The lock-out guard: tells how many of the clients that are connected now new
 * trust would refuse. With `refuseLockout` (`REFUSE_LOCKOUT`) trust that would
 * refuse all of them is not taken, unless it was asked for: throws `LOCKOUT`.
 */
export function guardAgainstLockout(
  { clients, refused, lockedOut }: Effect,
  { asked, refuseLockout, log }: {
    asked: boolean;
    refuseLockout: boolean;
    log: Logger;
  },
): void {
  if (refused === 0) return;
  if (refuseLockout && !asked && lockedOut > 0 && refused === clients) {
    throw new SidecarError(
      "LOCKOUT",
      `Cannot take new trust: it would refuse all of the ${clients} ` +
        "clients connected now; SIGHUP takes it all the same",
    );
  }
  log.warning("new trust refuses clients that are connected now", {
    clients,
    refused,
  });
}

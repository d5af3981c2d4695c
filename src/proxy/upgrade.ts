import { createHash, randomBytes } from "node:crypto";
import { FieldKind } from "../http/field_name.ts";
import type { FieldSection } from "../http/field_section.ts";

/** RFC 6455 §1.3 */
const WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Another protocol that the application is asked to speak in place of HTTP/1.1. */
export interface Upgrade {
  /** As the client spells it. */
  readonly protocol: string;
  /**
   * What proves that the application knows WebSocket, where that is ours to ask:
   * over HTTP/2 the client sends no such thing (RFC 8441 §5.1).
   */
  readonly key: string | undefined;
}

/** A fresh `Sec-WebSocket-Key` (RFC 6455 §4.1). */
export function webSocketKey(): string {
  return randomBytes(16).toString("base64");
}

/** Whether a response's `Sec-WebSocket-Accept` is the one that belongs to `key` (RFC 6455 §4.2.2). */
export function isAccepted(fields: FieldSection, key: string): boolean {
  const expected = createHash("sha1").update(key + WEBSOCKET_GUID)
    .digest("base64");
  const [line, ...others] = acceptLines(fields);
  return line !== undefined && others.length === 0 &&
    fields.value(line) === expected;
}

/** Keeps `Sec-WebSocket-Accept` from a client that has sent no key. */
export function dropAccept(fields: FieldSection): void {
  for (const line of acceptLines(fields)) {
    fields.setKind(line, FieldKind.HOP_BY_HOP);
  }
}

function acceptLines(fields: FieldSection): number[] {
  const lines: number[] = [];
  for (let line = 0; line < fields.count; line++) {
    if (fields.name(line) === "sec-websocket-accept") lines.push(line);
  }
  return lines;
}

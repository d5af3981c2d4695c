/**
 * Has the runtime seed its random generator on another thread, and returns at
 * once. It would do so at its first use, which is the first client's handshake:
 * 30 ms of a core, in which nobody else is served.
 */
export function seedRandomGenerator(): void {
  // Of all keys one that is not made on this thread. Nobody waits for it: a
  // handshake that comes before it is done waits by itself.
  crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, [
    "sign",
  ]);
}

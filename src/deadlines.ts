/** How often deadlines are looked at, in milliseconds: they may be twice that late, never early. */
const SWEEP_MS = 250;

/** Time as deadlines see it. Injected, so that tests need not wait. */
export interface SweepClock {
  /** Milliseconds, never going back. */
  now(): number;
  /** Calls `tick` again and again until the returned function is called. */
  every(ms: number, tick: () => void): () => void;
}

const SYSTEM_CLOCK: SweepClock = {
  now: () => performance.now(),
  every(ms, tick) {
    const timer = setInterval(tick, ms);
    return () => clearInterval(timer);
  },
};

/**
 * One thing that must not take too long, again and again: a head to arrive, a
 * body to move on. Arming and disarming are a store to a field.
 */
export class Deadline {
  readonly #deadlines: Deadlines;
  readonly #expire: () => void;
  /** Milliseconds of the clock; Infinity while not armed. */
  #at = Infinity;

  constructor(deadlines: Deadlines, expire: () => void) {
    this.#deadlines = deadlines;
    this.#expire = expire;
  }

  /** Calls `expire` unless armed again or disarmed within `ms` milliseconds. */
  arm(ms: number): void {
    // The clock was read up to a sweep ago.
    this.#at = this.#deadlines.now + SWEEP_MS + ms;
  }

  disarm(): void {
    this.#at = Infinity;
  }

  /** For `Deadlines`: calls `expire` once where its time has come. */
  check(now: number): void {
    if (now < this.#at) return;
    this.#at = Infinity;
    this.#expire();
  }
}

/**
 * All deadlines, looked through by one coarse sweep: ten thousand idle
 * connections cost one timer, and a request costs none.
 */
export class Deadlines {
  readonly #clock: SweepClock;
  readonly #all = new Set<Deadline>();
  #stop: (() => void) | undefined;
  /** The clock at the last sweep: near enough, and free to read. */
  #now: number;

  constructor(clock: SweepClock = SYSTEM_CLOCK) {
    this.#clock = clock;
    this.#now = clock.now();
  }

  /** Milliseconds at the last sweep. */
  get now(): number {
    return this.#now;
  }

  /** Makes a deadline, not armed. `remove` it when it is not needed any more. */
  add(expire: () => void): Deadline {
    const deadline = new Deadline(this, expire);
    this.#all.add(deadline);
    if (this.#stop === undefined) {
      this.#now = this.#clock.now();
      this.#stop = this.#clock.every(SWEEP_MS, () => this.#sweep());
    }
    return deadline;
  }

  /** Forgets a deadline. With the last one gone the timer is gone too. */
  remove(deadline: Deadline): void {
    this.#all.delete(deadline);
    if (this.#all.size === 0) {
      this.#stop?.();
      this.#stop = undefined;
    }
  }

  #sweep(): void {
    this.#now = this.#clock.now();
    for (const deadline of this.#all) deadline.check(this.#now);
  }
}

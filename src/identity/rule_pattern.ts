const ONE = "*";
const SEVERAL = "**";

/** Whether a wildcard may stand for a segment of a value, the one at `index`. */
export type Covers = (segment: string, index: number) => boolean;

/** Whether a segment of a pattern is a wildcard rather than itself. */
export function isWildcard(segment: string): boolean {
  return segment === ONE || segment === SEVERAL;
}

/** Whether a segment has a wildcard beside other characters, which means nothing. */
export function isMixed(segment: string): boolean {
  return segment.includes(ONE) && !isWildcard(segment);
}

/**
 * A sequence of segments in which `*` stands for exactly one segment and `**`,
 * of which there is at most one, for one or more. Neither stands for an empty
 * segment nor for one that `covers` does not know, so a value with anything
 * unforeseen in that place matches nothing. With a single `**` there is nothing to
 * try twice: a match takes time in proportion to the value's segments.
 */
export class RulePattern {
  /** What stands before the `**`, and what after it; without one, all and nothing. */
  readonly #head: readonly string[];
  readonly #tail: readonly string[];
  /** Whether there is a `**` between them. */
  readonly #open: boolean;
  readonly #covers: Covers;

  /** Throws a TypeError on a second `**`, which the grammars refuse before. */
  constructor(segments: readonly string[], covers: Covers) {
    const several = segments.indexOf(SEVERAL);
    if (several !== segments.lastIndexOf(SEVERAL)) {
      throw new TypeError("expected ** only once");
    }
    this.#open = several >= 0;
    this.#head = this.#open ? segments.slice(0, several) : segments;
    this.#tail = this.#open ? segments.slice(several + 1) : [];
    this.#covers = covers;
  }

  /** Whether the pattern stands for a value of these segments, all of them. */
  matches(segments: readonly string[]): boolean {
    const tailAt = segments.length - this.#tail.length;
    const between = tailAt - this.#head.length;
    if (this.#open ? between < 1 : between !== 0) return false;
    // First what is written out: most values differ there, and that is quick to see.
    return agree(this.#head, segments, 0) &&
      agree(this.#tail, segments, tailAt) &&
      segments.every((segment, index) =>
        !isWildcard(this.#standsAt(index, tailAt)) ||
        segment !== "" && this.#covers(segment, index)
      );
  }

  /** The segment of the pattern that stands for the value's at `index`. */
  #standsAt(index: number, tailAt: number): string {
    const within = index < tailAt
      ? this.#head[index]
      : this.#tail[index - tailAt];
    return within ?? SEVERAL;
  }
}

/** Whether the segments of `part` that are no wildcards are those of the value from `at` on. */
function agree(
  part: readonly string[],
  segments: readonly string[],
  at: number,
): boolean {
  return part.every((segment, index) =>
    segment === ONE || segment === segments[at + index]
  );
}

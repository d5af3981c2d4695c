const LEVELS = "▁▂▃▄▅▆▇█";

/**
 * A row of bars, one for each two values: the higher of them. Where there is no
 * value, a space; fewer values than `slots` stand at the right end.
 *
 * @param slots For how many values there is room.
 */
export function sparkline(
  values: readonly (number | null)[],
  slots: number,
): string {
  const padding = Array<null>(Math.max(0, slots - values.length)).fill(null);
  const all = [...padding, ...values];
  const top = Math.max(0, ...all.map((value) => value ?? 0));
  let line = "";
  for (let at = 0; at < all.length; at += 2) {
    const pair = all.slice(at, at + 2).filter((value) => value !== null);
    line += pair.length === 0 ? " " : bar(Math.max(...pair), top);
  }
  return line;
}

/** The lowest bar is for nothing alone: the least that there is stands out from it. */
function bar(value: number, top: number): string {
  const level = value > 0
    ? Math.max(1, Math.round(value / top * (LEVELS.length - 1)))
    : 0;
  return LEVELS[level] ?? " ";
}

/** A bar of so many columns of which a share, from 0 to 1, is full. */
export function meter(
  share: number,
  columns: number,
): { full: string; empty: string } {
  // Something left shows, and so does something gone.
  const full = share <= 0
    ? 0
    : share >= 1
    ? columns
    : Math.min(columns - 1, Math.max(1, Math.round(share * columns)));
  return { full: "█".repeat(full), empty: "░".repeat(columns - full) };
}

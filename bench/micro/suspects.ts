/** How many times as long each case takes as before, by name. */
export type Ratios = Record<string, number>;

/** How {@linkcode leastRatios} comes to its judgement. */
export interface SuspectOptions {
  /** What is above it is a suspect. */
  readonly limit: number;
  /** How often what seems slower is measured again. */
  readonly secondThoughts: number;
  measure(names: readonly string[]): Promise<Ratios>;
}

/**
 * The least ratio that was measured of each case. What is above the limit is
 * measured again before it counts: a machine's bad minute passes, a slow-down
 * stays.
 */
export async function leastRatios(
  names: readonly string[],
  { limit, secondThoughts, measure }: SuspectOptions,
): Promise<Ratios> {
  const least: Ratios = {};
  let suspects = names;
  for (let again = 0; again <= secondThoughts && suspects.length > 0; again++) {
    const ratios = await measure(suspects);
    for (const name of suspects) {
      least[name] = Math.min(least[name] ?? Infinity, ratios[name]!);
    }
    suspects = suspects.filter((name) => least[name]! > limit);
  }
  return least;
}

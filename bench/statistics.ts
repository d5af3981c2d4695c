/**
 * The middle value; of an even number of values, the mean of the two in the
 * middle.
 *
 * @throws {RangeError} If there are no values.
 */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * The value below which `share` (0 to 1) of all lie; between two values, the
 * line from one to the other.
 *
 * @throws {RangeError} If there are no values.
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  if (low === undefined || high === undefined) {
    throw new RangeError("Cannot take the median of no values");
  }
  return low + (high - low) * (at - Math.floor(at));
}

/**
 * The median of the ratios of values that were measured in the same round.
 * What slows the machine for a while slows both, and leaves their ratio.
 *
 * @throws {RangeError} If there are no values.
 */
export function pairedRatio(
  values: readonly number[],
  references: readonly number[],
): number {
  return median(values.map((value, at) => value / (references[at] ?? NaN)));
}

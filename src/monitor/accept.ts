/** More ranges than this are not looked at. */
const MAX_RANGES = 32;

/**
 * The one of `offers`, media types in lower case, that an `Accept` field asks
 * for most (RFC 9110 §12.5.1), the first of several; the first of all where it
 * asks for none of them: an answer of another type serves better than none.
 */
export function preferred<T extends string>(
  accept: string | undefined,
  offers: readonly [T, ...T[]],
): T {
  const ranges = (accept ?? "*/*").toLowerCase().split(",", MAX_RANGES)
    .map(parseRange);
  let best = offers[0];
  let bestQuality = 0;
  for (const offer of offers) {
    const quality = qualityOf(offer, ranges);
    if (quality > bestQuality) {
      best = offer;
      bestQuality = quality;
    }
  }
  return best;
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

function parseRange(text: string): Range {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim());
  const weight = parameters.find((parameter) => /^q\s*=/.test(parameter));
  const quality = weight === undefined ? 1 : Number(weight.split("=")[1]);
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

/** That of the most specific range, as RFC 9110 §12.5.1 asks; 0 without one. */
function qualityOf(offer: string, ranges: readonly Range[]): number {
  const [major] = offer.split("/");
  for (const wanted of [offer, `${major}/*`, "*/*"]) {
    const found = ranges.filter(({ type }) => type === wanted);
    if (found.length > 0) {
      return Math.max(...found.map(({ quality }) => quality));
    }
  }
  return 0;
}

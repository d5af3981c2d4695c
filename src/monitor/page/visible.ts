/**
 * What a reader would not see, or be deceived by: controls, which a terminal
 * obeys; format characters such as U+202E, which shows the rest of a line
 * backwards; line and paragraph separators; halves of surrogate pairs.
 */
const DECEPTIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * A text of foreign origin, fit to be shown on a page or a terminal: each
 * character that has no shape of its own becomes its code, as in `\u{202e}`.
 */
export function visible(text: string): string {
  return text.replace(DECEPTIVE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

/**
 * The fields of a log line about something that was thrown and that nobody caught,
 * which need not be an `Error`. What is none is not shown: it could hold anything.
 */
export function faultFields(
  fault: unknown,
): { readonly error: string; readonly stack: string | undefined } {
  return fault instanceof Error
    ? { error: fault.message, stack: fault.stack }
    : { error: `a thrown ${typeof fault}`, stack: undefined };
}

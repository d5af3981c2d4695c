/** Prints what `check` finds in the JSON on standard input, as a JSON array. */
export async function answer<T>(
  check: (input: T) => readonly string[] | Promise<readonly string[]>,
): Promise<void> {
  const input = JSON.parse(await new Response(Deno.stdin.readable).text());
  console.log(JSON.stringify(await check(input)));
}

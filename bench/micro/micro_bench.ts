// What runs with every request or connection: deno bench --allow-all bench/micro/
import { allCases } from "./cases.ts";

for (const { name, act } of await allCases()) Deno.bench(name, act);

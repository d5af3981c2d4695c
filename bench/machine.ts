import { versionOf } from "./workbench.ts";

/** Every program that the bench can make use of, and how to ask its version. */
const PROGRAMS: readonly (readonly [name: string, flag: string])[] = [
  ["nginx", "-v"],
  ["haproxy", "-v"],
  ["caddy", "version"],
  ["ghostunnel", "--version"],
  ["stunnel", "-version"],
  ["wrk", "-v"],
  ["h2load", "--version"],
  ["openssl", "version"],
  ["curl", "--version"],
  ["cc", "--version"],
  ["taskset", "--version"],
];

/** The machine and what is installed on it. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  readonly deno: string;
  /** The version of each installed program. */
  readonly programs: ReadonlyMap<string, string>;
}

/** Looks at the machine. To be called before the bench holds itself to a core. */
export async function describeMachine(): Promise<Machine> {
  const programs = new Map<string, string>();
  for (const [name, flag] of PROGRAMS) {
    const version = await versionOf(name, flag);
    if (version !== undefined) programs.set(name, version);
  }
  const cpuinfo = await Deno.readTextFile("/proc/cpuinfo");
  return {
    cpu: /^model name\s*:\s*(.+)$/m.exec(cpuinfo)?.[1] ?? Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    kernel: `Linux ${Deno.osRelease()}`,
    deno: `deno ${Deno.version.deno}, v8 ${Deno.version.v8}`,
    programs,
  };
}

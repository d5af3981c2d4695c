import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/config.ts";
import { type Setting, SETTINGS } from "../../src/config/settings.ts";
import { type PodSpec, sidecarOf } from "./manifests.ts";

/**
 * Asserts what every pod of ours promises: the restricted profile of the Pod
 * Security Standards for the sidecar, probes on the paths and ports that there
 * are, settings that parse, files that its user can read and that are followed.
 */
export function assertSidecarPod(pod: PodSpec): void {
  const sidecar = sidecarOf(pod);
  assert.deepEqual(sidecar.securityContext, {
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
  });
  assertSettings(sidecar.env ?? []);
  assert.deepEqual(sidecar.ports, [
    { name: "mtls", containerPort: Number(SETTINGS.tlsListenPort.default) },
    {
      name: "mtls-monitor",
      containerPort: Number(SETTINGS.monitorPort.default),
    },
  ]);
  for (
    const [probe, path] of [
      ["startupProbe", "/live"],
      ["livenessProbe", "/live"],
      ["readinessProbe", "/ready"],
    ] as const
  ) {
    const { httpGet } = sidecar[probe] as { httpGet: unknown };
    assert.deepEqual(httpGet, { path, port: "mtls-monitor" }, probe);
  }
  assert.deepEqual(
    Object.keys((sidecar["resources"] as { limits: object }).limits),
    ["memory"],
  );
  assertVolumes(pod);
}

/** Every variable is a setting's, and all of them together start a sidecar. */
function assertSettings(env: readonly { name: string; value: string }[]): void {
  const settings: Setting<unknown>[] = Object.values(SETTINGS);
  const known = new Set(settings.map(({ variable }) => variable));
  const given = new Map<string, string>();
  for (const { name, value } of env) {
    assert.ok(known.has(name), `${name} is no setting`);
    given.set(name, value);
  }
  parseConfig({ args: [], lookup: (name) => given.get(name) });
}

function assertVolumes(pod: PodSpec): void {
  const mounts = sidecarOf(pod)["volumeMounts"] as readonly Record<
    string,
    unknown
  >[];
  assert.deepEqual(mounts.map(({ mountPath }) => mountPath), [
    SETTINGS.certDir.default,
    SETTINGS.caDir.default,
  ]);
  for (const { name, readOnly, subPath } of mounts) {
    assert.deepEqual([readOnly, subPath], [true, undefined]);
    const volume = pod.volumes?.find((one) => one["name"] === name);
    const source = (volume?.["secret"] ?? volume?.["configMap"]) as
      | { defaultMode: number }
      | undefined;
    assert.equal(source?.defaultMode, 0o444, String(name));
  }
}

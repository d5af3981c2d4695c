import assert from "node:assert/strict";
import { join } from "node:path";
import {
  type Manifest,
  outputOf,
  parseManifests,
  podOf,
  readManifests,
  ROOT,
  sidecarOf,
} from "../../support/manifests.ts";
import { assertSidecarPod } from "../../support/pod_rules.ts";
import { faultsIn } from "../../support/schemas.ts";

const DIRECTORY = "deploy/kubernetes";
/** Kinds whose schema no package of the registry has; their fields are below. */
const VAULT = "secrets.hashicorp.com/v1beta1";

const files = Array.from(Deno.readDirSync(join(ROOT, DIRECTORY)))
  .filter(({ name }) => name.endsWith(".yaml"))
  .map(({ name }) => join(DIRECTORY, name));
const application = join(DIRECTORY, "examples/kustomize/application.yaml");

Deno.test("every manifest keeps to the schema of its kind, with no unknown field", async () => {
  const manifests = (await Promise.all([...files, application].map(
    readManifests,
  ))).flat();
  assert.ok(manifests.length >= 10);
  const checked = manifests.filter(({ apiVersion }) => apiVersion !== VAULT);
  assert.deepEqual(await faultsIn("kubernetes", checked), []);
});

Deno.test("faultsIn() finds a wrong value, a misspelt field and an unknown kind", async () => {
  const [deployment] = await readManifests(
    files.find((path) => path.endsWith("sidecar.yaml")) ?? "",
  );
  const spoilt = (change: (pod: Record<string, unknown>) => void) => {
    const copy = structuredClone(deployment) as Manifest;
    change(podOf(copy) as unknown as Record<string, unknown>);
    return faultsIn("kubernetes", [copy]);
  };
  const wrong = await spoilt((pod) =>
    pod["terminationGracePeriodSeconds"] = "x"
  );
  assert.match(
    wrong.join("\n"),
    /terminationGracePeriodSeconds must be integer/,
  );
  const misspelt = await spoilt((pod) => pod["initContainer"] = []);
  assert.match(misspelt.join("\n"), /initContainer"' does not exist in type/);
  const unknown = { apiVersion: "v9", kind: "Pod", metadata: { name: "x" } };
  assert.deepEqual(await faultsIn("kubernetes", [unknown]), [
    "v9 Pod: no schema",
  ]);
});

for (const name of ["sidecar.yaml", "container.yaml"]) {
  Deno.test(`${name} is a pod that keeps to the restricted profile, with probes, limits and files that are followed`, async () => {
    const [deployment, service] = await readManifests(join(DIRECTORY, name));
    assert.ok(deployment && service);
    const pod = podOf(deployment);
    assertSidecarPod(pod);
    assert.deepEqual(pod.securityContext, {
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    for (const { name, securityContext } of pod.containers) {
      assert.equal(securityContext?.["allowPrivilegeEscalation"], false, name);
      assert.deepEqual(securityContext?.["capabilities"], { drop: ["ALL"] });
    }
    const { ports } = service.spec as { ports: { targetPort: number }[] };
    assert.deepEqual(ports.map(({ targetPort }) => targetPort), [8443]);
  });
}

Deno.test("sidecar.yaml has a native sidecar, container.yaml none", async () => {
  const [native] = await readManifests(join(DIRECTORY, "sidecar.yaml"));
  const [plain] = await readManifests(join(DIRECTORY, "container.yaml"));
  assert.ok(native && plain);
  assert.equal(podOf(native).initContainers?.[0]?.restartPolicy, "Always");
  assert.equal(podOf(plain).initContainers, undefined);
  const sidecar = sidecarOf(podOf(plain));
  assert.equal(sidecar.restartPolicy, undefined);
});

Deno.test("the network policy lets in the sidecar's ports alone", async () => {
  const [policy] = await readManifests(join(DIRECTORY, "network-policy.yaml"));
  const { ingress } = policy?.spec as { ingress: { ports: unknown }[] };
  assert.deepEqual(ingress.map(({ ports }) => ports), [
    [{ protocol: "TCP", port: 8443 }],
    [{ protocol: "TCP", port: 8081 }],
  ]);
});

/** By kind, the fields of `spec` that the operator's reference lists. */
const VAULT_FIELDS: Readonly<Record<string, readonly string[]>> = {
  VaultAuth: ["method", "mount", "kubernetes"],
  VaultPKISecret: [
    ...["vaultAuthRef", "mount", "role", "commonName", "altNames", "format"],
    ...["ttl", "expiryOffset", "destination"],
  ],
};

Deno.test("vault.yaml uses known fields, and one name throughout", async () => {
  const manifests = (await readManifests(join(DIRECTORY, "vault.yaml")))
    .filter(({ apiVersion }) => apiVersion === VAULT);
  assert.deepEqual(
    manifests.map(({ kind }) => kind),
    Object.keys(VAULT_FIELDS),
  );
  for (const { kind, spec } of manifests) {
    assert.deepEqual(Object.keys(Object(spec)), VAULT_FIELDS[kind], kind);
  }
});

Deno.test("cert-manager.yaml and vault.yaml fill the Secret that the pod mounts", async () => {
  const [deployment] = await readManifests(join(DIRECTORY, "sidecar.yaml"));
  const [certificate, bundle] = await readManifests(
    join(DIRECTORY, "cert-manager.yaml"),
  );
  const [, pki] = await readManifests(join(DIRECTORY, "vault.yaml"));
  assert.ok(deployment && certificate && bundle && pki);
  const { secretName } = certificate.spec as { secretName: string };
  const { destination } = pki.spec as { destination: { name: string } };
  const [certs, ca] = podOf(deployment).volumes as {
    secret: { secretName: string };
    configMap: { name: string };
  }[];
  assert.equal(certs?.secret.secretName, secretName);
  assert.equal(certs?.secret.secretName, destination.name);
  assert.equal(ca?.configMap.name, bundle.metadata.name);
});

const kustomized = await outputOf("kubectl", [
  "kustomize",
  "deploy/kubernetes/examples/kustomize",
]) ?? await outputOf("kustomize", [
  "build",
  "deploy/kubernetes/examples/kustomize",
]);
if (kustomized === undefined) {
  console.log("the kustomize component is not built: no kubectl, no kustomize");
}

Deno.test({
  name:
    "the kustomize component adds the sidecar to a Deployment and changes nothing else of it",
  ignore: kustomized === undefined,
  async fn() {
    const { success, text = "", errors } = kustomized ?? {};
    assert.ok(success, errors ?? "");
    const built = parseManifests(text);
    assert.deepEqual(await faultsIn("kubernetes", built), []);
    const deployments = (all: readonly Manifest[]) =>
      all.filter(({ kind }) => kind === "Deployment");
    const [before, workerBefore] = deployments(
      await readManifests(application),
    );
    const [after, workerAfter] = deployments(built);
    assert.ok(before && after);
    assert.deepEqual(workerAfter, workerBefore);
    const pod = podOf(after);
    assertSidecarPod(pod);
    assert.equal(
      sidecarOf(pod)["image"],
      "registry.example/mtls-sidecar:0.1.0",
    );
    const own = (name: unknown) => !String(name).startsWith("mtls-sidecar");
    const without = structuredClone(after);
    Object.assign(podOf(without), {
      initContainers: pod.initContainers?.filter(({ name }) => own(name)),
      volumes: pod.volumes?.filter(({ name }) => own(name)),
    });
    assert.deepEqual(without, before);
  },
});

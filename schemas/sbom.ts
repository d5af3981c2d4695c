/**
 * A bill of materials, by the official schema of CycloneDX 1.6 in its strict
 * form, which passes no unknown field.
 *
 * @module
 */
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { answer } from "./answer.ts";

const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);

await answer(async (sbom: unknown) => {
  const faults = await validator.validate(JSON.stringify(sbom));
  return faults === null ? [] : [JSON.stringify(faults)];
});

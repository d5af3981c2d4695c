/**
 * The text of a Dockerfile, by a validator.
 *
 * @module
 */
import { validate } from "dockerfile-utils";
import { answer } from "./answer.ts";

await answer((text: string) =>
  validate(text).map(({ message, range }) =>
    `line ${range.start.line + 1}: ${message}`
  )
);

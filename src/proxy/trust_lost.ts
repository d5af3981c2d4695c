import { SidecarError } from "../errors.ts";

/** Why a request is not carried on with whose client lost its trust on the way. */
export function trustLost(): SidecarError {
  return new SidecarError(
    "UNAUTHORIZED",
    "Cannot forward the request: its client lost trust while it was under way",
  );
}

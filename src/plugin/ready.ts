import { CNI_CODE, CniError } from "../cni/errors.ts";

/**
 * STATUS: something ADD will need. A `CniError` of any other code becomes 50, "not available": the runtime asked whether
 * ADD would work, not what a request is worth.
 */
export async function requireForAdd<T>(find: () => T | Promise<T>): Promise<T> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    throw new CniError(CNI_CODE.PLUGIN_NOT_AVAILABLE, error.message, error.details, { cause: error });
  }
}

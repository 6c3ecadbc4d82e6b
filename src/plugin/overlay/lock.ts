import { CNI_CODE, CniError } from "../../cni/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { networkHash } from "../owner.ts";
import { type Files, isErrno } from "./files.ts";

const FOLDER = "/run/tsnet";
const TIMEOUT_MS = 30_000;

/**
 * Runs `work` as the only one that changes this network's overlay in this namespace: the last DEL must not take the device
 * from an ADD that has just looked at it. CniError 11 when somebody holds the lock for too long.
 */
export async function withOverlayLock<T>(
  files: Files,
  host: Pick<Kernel, "identity">,
  network: string,
  work: () => Promise<T>,
): Promise<T> {
  const path = `${FOLDER}/overlay-${host.identity.replace(":", "-")}-${networkHash(network)}.lock`;
  const fd = await take(files, path, network);
  try {
    return await work();
  } finally {
    files.closeFd(fd);
  }
}

async function take(files: Files, path: string, network: string): Promise<number> {
  try {
    try {
      return files.lockFile(path, 0);
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error;
      files.makeDirs(FOLDER, 0o700);
      return files.lockFile(path, 0);
    }
  } catch (error) {
    if (!isErrno(error, "ETIMEDOUT")) throw error;
  }
  // It is nearly always free, and a thread costs more than the whole rest.
  try {
    return await files.lockFileAsync(path, TIMEOUT_MS);
  } catch (error) {
    if (!isErrno(error, "ETIMEDOUT")) throw error;
    throw new CniError(
      CNI_CODE.TRY_AGAIN_LATER,
      `cannot lock the overlay of network "${network}" within ${TIMEOUT_MS} ms`,
      `another call holds ${path} (lslocks shows which process); try again, or end it if it hangs`,
      { cause: error },
    );
  }
}

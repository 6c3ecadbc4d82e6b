import { mkdirSync, statSync } from "node:fs";
import { isSystemError } from "../../../native/load.ts";
import { CNI_CODE, CniError } from "../../cni/errors.ts";
import type { Surroundings } from "../surroundings.ts";
import { lockFile, stateFolder } from "./layout.ts";

const WAIT_MS = 10_000;

/** Does something while no other install or uninstall works on the folder. A killed one holds nothing. */
export async function alone<T>(
  { native }: Pick<Surroundings, "native">,
  binDir: string,
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(stateFolder(binDir), { recursive: true, mode: 0o755 });
  const fd = take();
  try {
    return await work();
  } finally {
    native.closeFd(fd);
  }

  function take(): number {
    try {
      return native.lockFile(lockFile(binDir), WAIT_MS);
    } catch (error) {
      if (!isSystemError(error) || error.code !== "ETIMEDOUT") throw error;
      throw new CniError(
        CNI_CODE.TRY_AGAIN_LATER,
        `another install or uninstall works on ${binDir}`,
        "wait for its end",
      );
    }
  }
}

/** CniError unless only root can change what is in the folder: whoever can would be run as root by every runtime. */
export function requireSafeFolder(binDir: string): void {
  const stat = statSync(binDir, { throwIfNoEntry: false });
  if (!stat) return;
  const refuse = (why: string, remedy: string): never => {
    throw new CniError(CNI_CODE.OPERATION_FAILED, `refusing to work on "${binDir}": ${why}`, remedy);
  };
  if (!stat.isDirectory()) refuse("it is no folder", "name another with --bin-dir");
  if (stat.uid !== 0) refuse(`it belongs to user ${stat.uid}`, `chown root "${binDir}"`);
  if ((stat.mode & 0o022) !== 0) refuse("others than root may write to it", `chmod go-w "${binDir}"`);
}

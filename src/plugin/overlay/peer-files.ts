import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { compareBytes, decodeJsonObject } from "../../cni/json.ts";
import { MAX_PEERS } from "./config.ts";
import { type Files, isErrno } from "./files.ts";
import { type Peer, type PeerProblem, parsePeerObject } from "./peer.ts";

/** A name, an address, a few prefixes. */
const MAX_BYTES = 64 * 1024;

/**
 * Reads a directory of peer files, `*.json`, one host each; names that begin with a dot are left to their writers. A file that
 * cannot be used is a problem, not an error: the others count all the same. CniError 11 while there is no such directory.
 */
export function readPeerFiles(
  files: Pick<Files, "readFile" | "listDir">,
  folder: string,
): { peers: Peer[]; problems: PeerProblem[] } {
  const peers: Peer[] = [];
  const problems: PeerProblem[] = [];
  for (const name of namesIn(files, folder)) {
    const path = `${folder}/${name}`;
    // A name is somebody else's, and goes into messages of one line.
    const from = path.replace(/[\x00-\x1f\x7f-\x9f]/g, "?");
    try {
      peers.push(parsePeerObject(decodeJsonObject(files.readFile(path, MAX_BYTES), "the peer file"), from));
    } catch (error) {
      // Its host left between the listing and now.
      if (isErrno(error, "ENOENT")) continue;
      if (!(error instanceof CniError) && !isErrno(error, "EFBIG", "EINVAL", "EISDIR", "EACCES", "ELOOP", "EIO"))
        throw error;
      problems.push({ from, message: (error as Error).message });
    }
  }
  return { peers, problems };
}

function namesIn(files: Pick<Files, "listDir">, folder: string): string[] {
  try {
    return files
      .listDir(folder, MAX_PEERS)
      .filter((name) => name.endsWith(".json") && !name.startsWith("."))
      .sort(compareBytes);
  } catch (error) {
    if (!isErrno(error, "ENOENT", "ENOTDIR", "EFBIG", "EACCES")) throw error;
    throw new CniError(
      isErrno(error, "ENOENT") ? CNI_CODE.TRY_AGAIN_LATER : CNI_CODE.INVALID_NETWORK_CONFIG,
      isErrno(error, "ENOENT")
        ? `the overlay is not ready: peersDir ${JSON.stringify(folder)} does not exist yet`
        : `cannot list peersDir ${JSON.stringify(folder)}`,
      isErrno(error, "EFBIG") ? `more than ${MAX_PEERS} names are in it` : (error as Error).message,
      { cause: error },
    );
  }
}

import type { Native } from "../../../../native/addon.ts";
import { isSystemError } from "../../../../native/load.ts";
import type { Namespace } from "../../look/index.ts";
import { namespaceNumber } from "../../look/processes.ts";
import { encodeQuestion, labelsOf, type Question, readAnswer } from "./dns.ts";
import { parseResolvConf, type ResolvConf } from "./resolv-conf.ts";

type Reads = Pick<Native, "readLink" | "readFileInsideAsync">;
type Asks = Pick<Native, "udpOpen" | "writeAll" | "localReceiveAsync" | "closeFd">;

/** Where containers' resolvers look, below their root. */
const FILE = "etc/resolv.conf";
const MAX_BYTES = 64 * 1024;
const READ_MS = 1_000;
/** Processes of a namespace that are looked at, and roots among them: the containers of a pod share a namespace. */
const MAX_PROCESSES = 64;
const MAX_ROOTS = 8;

/** What containers of a namespace resolve names by. */
export interface Resolvers {
  /** Whether anything runs in it with a root of its own: without, there is nobody who resolves names. */
  readonly inhabited: boolean;
  readonly confs: readonly ResolvConf[];
  /** Why a root has none. */
  readonly missing: string | undefined;
}

/**
 * Reads resolv.conf beneath the root of each mount namespace that processes of a network namespace are in, but this process's own: who
 * only entered from the host is no container. A file system of the container's own that does not answer is waited for a second.
 */
export async function resolversOf(native: Reads, namespace: Namespace): Promise<Resolvers> {
  const ours = linkOf(native, "/proc/self/ns/mnt");
  const seen = new Set([ours]);
  const confs: ResolvConf[] = [];
  let missing: string | undefined;
  for (const { pid } of namespace.processes.slice(0, MAX_PROCESSES)) {
    const mounts = linkOf(native, `/proc/${pid}/ns/mnt`);
    if (mounts === undefined || seen.has(mounts) || seen.size > MAX_ROOTS) continue;
    seen.add(mounts);
    const read = await readBeneath(native, pid);
    // By now the number may be another process's.
    if (namespaceNumber(linkOf(native, `/proc/${pid}/ns/net`)) !== namespace.inode) {
      seen.delete(mounts);
      continue;
    }
    if (typeof read === "string") missing ??= read;
    else confs.push(parseResolvConf(new TextDecoder().decode(read)));
  }
  return { inhabited: seen.size > 1, confs, missing };
}

function linkOf({ readLink }: Reads, path: string): string | undefined {
  try {
    return readLink(path);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

/** The file, or in a few words why there is none. */
async function readBeneath(native: Reads, pid: number): Promise<Uint8Array | string> {
  const reading = native.readFileInsideAsync(`/proc/${pid}/root`, FILE, MAX_BYTES).catch((error: unknown) => {
    if (!isSystemError(error)) throw error;
    if (error.code === "EINVAL") return `/${FILE} is no regular file`;
    if (error.code === "EFBIG") return `/${FILE} is larger than ${MAX_BYTES} bytes`;
    return error.code === "ENOENT" ? `there is no /${FILE}` : `/${FILE} cannot be read: ${error.code}`;
  });
  const { promise, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve(`/${FILE} cannot be read within ${READ_MS} ms`), READ_MS);
  try {
    return await Promise.race([reading, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** What came of a question. */
export type Answer =
  | { readonly kind: "answers" }
  | { readonly kind: "silent"; readonly why: string }
  | { readonly kind: "fails"; readonly why: string };

const PORT = 53;
const TRIES = 2;
const WAIT_MS = 1_500;
const MAX_ANSWER = 65_535;

/**
 * Asks a server from inside a namespace, twice where nothing comes back. A server that does not know the root may still know
 * the container's own domain, so that is asked for too before it is said to fail.
 */
export async function askServer(
  native: Asks,
  netns: number,
  server: string,
  { name, search }: { readonly name: string | undefined; readonly search: string | undefined },
): Promise<Answer> {
  const first: Question = name === undefined ? { name: ".", type: "NS" } : { name, type: "A" };
  const answer = await ask(native, netns, server, first);
  if (answer.kind !== "fails" || name !== undefined || search === undefined || !labelsOf(search)?.length) return answer;
  const second = await ask(native, netns, server, { name: search, type: "SOA" });
  return second.kind === "answers" ? second : answer;
}

async function ask(native: Asks, netns: number, server: string, question: Question): Promise<Answer> {
  let why = `nothing came back within ${TRIES * WAIT_MS} ms`;
  for (let tries = 0; tries < TRIES; tries++) {
    let fd: number | undefined;
    try {
      fd = native.udpOpen(netns, server, PORT);
      const answer = await converse(native, fd, question);
      if (answer) return answer;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      why = error.code === "ECONNREFUSED" ? "nothing listens there (ECONNREFUSED)" : `the network says ${error.code}`;
    } finally {
      if (fd !== undefined) native.closeFd(fd);
    }
  }
  return { kind: "silent", why };
}

async function converse(native: Asks, fd: number, question: Question): Promise<Answer | undefined> {
  const id = Math.floor(Math.random() * 0x10000);
  native.writeAll(fd, encodeQuestion(id, question));
  const until = performance.now() + WAIT_MS;
  for (let left = WAIT_MS; left > 0; left = until - performance.now()) {
    const bytes = await received(native, fd, left);
    if (!bytes) return undefined;
    const said = readAnswer(bytes, id);
    if (said) return said.ok ? { kind: "answers" } : { kind: "fails", why: said.code };
  }
  return undefined;
}

/** The next packet; `undefined` when none comes in time. */
export async function received(
  native: Pick<Native, "localReceiveAsync">,
  fd: number,
  withinMs: number,
): Promise<Uint8Array | undefined> {
  try {
    return await native.localReceiveAsync(fd, MAX_ANSWER, Math.max(1, Math.ceil(withinMs)));
  } catch (error) {
    if (isSystemError(error) && error.code === "ETIMEDOUT" && error.op === "recv") return undefined;
    throw error;
  }
}

import { isSystemError } from "../../native/load.ts";
import { CNI_CODE, CniError } from "../cni/errors.ts";
import { findNamespaces, type Host, labelOf, type Namespace } from "./look/index.ts";
import { absolutePath } from "./paths.ts";
import { closest } from "./suggest.ts";
import type { Surroundings } from "./surroundings.ts";
import { UsageError } from "./usage-error.ts";

/** What a command line may name a namespace by; shown in help texts. */
export const NS_HELP = "name, path, process ID, or a container's or pod's name or ID";

/** Containers are found by that many of their ID's first characters, if these are nobody else's. */
const MIN_ID = 4;

/** This process's own namespace without looking for any other: what words look at when none is named. */
export function ownNamespace({ native }: Pick<Surroundings, "native">): Namespace {
  const identity = native.netnsIdentity(-1);
  return {
    identity,
    inode: Number(identity.split(":")[1]),
    host: false,
    own: true,
    name: undefined,
    handles: [{ kind: "process", text: "this process", path: "/proc/self/ns/net", pid: undefined }],
    processes: [],
    processCount: 0,
    containers: [],
  };
}

/**
 * The namespace a person means: `host`, a name, a path, a process ID, a container or pod by name or the beginning of its ID. A
 * name goes before a number, a number before the beginning of an ID. CniError 8 when there is none, UsageError when several fit.
 */
export function targetOf(s: Pick<Surroundings, "native" | "cwd">, host: Host, text: string): Namespace {
  if (text === "") throw new UsageError("the namespace's name is empty", `name one by ${NS_HELP}`);
  if (text.includes("/") && !isPodName(host, text)) return byPath(s, host, absolutePath(s, text), text);
  const all = host.namespaces;
  const named = all.find((ns) => ns.name === text) ?? (text === "host" ? all.find((ns) => ns.host) : undefined);
  if (named) return named;
  if (/^\d+$/.test(text)) {
    const found = byProcess(s, host, text);
    if (found) return found;
  }
  const exact = all.filter((ns) =>
    ns.containers.some((c) => c.id === text || c.name === text || c.pod?.name === text || podName(c.pod) === text),
  );
  const fits =
    exact.length > 0 || text.length < MIN_ID
      ? exact
      : all.filter((ns) => ns.containers.some((c) => c.id.startsWith(text)));
  const [one, another] = fits;
  if (one && another)
    throw new UsageError(
      `"${text}" may be ${fits.length} namespaces: ${fits.slice(0, 5).map(labelOf).join(", ")}`,
      "say it with more of the container's ID, or by process ID",
    );
  if (one) return one;
  throw unknown(host, text);
}

const podName = (pod: { name: string; namespace: string } | undefined): string | undefined =>
  pod && `${pod.namespace}/${pod.name}`;

const isPodName = (host: Host, text: string): boolean =>
  host.namespaces.some((ns) => ns.containers.some((c) => podName(c.pod) === text));

function byPath({ native }: Pick<Surroundings, "native">, host: Host, path: string, text: string): Namespace {
  let identity: string;
  try {
    const fd = native.netnsOpen(path);
    identity = native.netnsIdentity(fd);
    native.closeFd(fd);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const why =
      error.code === "EINVAL"
        ? "it is no network namespace"
        : error.code === "ENOENT"
          ? "there is no such file"
          : error.code;
    throw new CniError(CNI_CODE.INVALID_NETNS, `cannot open the namespace "${text}": ${why}`, WHAT_THERE_IS, {
      cause: error,
    });
  }
  // One that only this path leads to, as from a mount namespace of its own.
  return (
    host.namespaces.find((ns) => ns.identity === identity) ?? {
      ...ownNamespace({ native }),
      identity,
      inode: Number(identity.split(":")[1]),
      own: false,
      handles: [{ kind: "mounted", text: path, path, pid: undefined }],
    }
  );
}

function byProcess({ native }: Pick<Surroundings, "native">, host: Host, pid: string): Namespace | undefined {
  let link: string | undefined;
  try {
    link = native.readLink(`/proc/${pid}/ns/net`);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code !== "EACCES" && error.code !== "EPERM") return undefined;
    throw new CniError(CNI_CODE.INVALID_NETNS, `process ${pid} may not be looked at`, "", { cause: error });
  }
  return host.namespaces.find((ns) => link === `net:[${ns.inode}]`);
}

const WHAT_THERE_IS = "tsnet ns ls shows what there is";

function unknown(host: Host, text: string): CniError {
  const names = host.namespaces.flatMap((ns) => [ns.name, ...ns.containers.flatMap((c) => [c.name, c.pod?.name])]);
  const near = closest(
    text,
    names.filter((name) => name !== undefined),
  );
  return new CniError(
    CNI_CODE.INVALID_NETNS,
    `no namespace, process, container or pod is called "${text}"`,
    near === undefined ? WHAT_THERE_IS : `did you mean ${near}? ${WHAT_THERE_IS}`,
  );
}

/** Everything there is, and the one that a command line names; the own one when it names none. */
export function lookFor(
  s: Pick<Surroundings, "native" | "cwd">,
  name: string | undefined,
): { host: Host; ns: Namespace } {
  const host = findNamespaces(s.native);
  const ns = name === undefined ? host.namespaces.find((each) => each.own) : targetOf(s, host, name);
  return { host, ns: ns ?? ownNamespace(s) };
}

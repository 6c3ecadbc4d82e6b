import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { type Cidr, networkCidr, parseCidr } from "../../ip/index.ts";
import { asciiOf, type Files, isErrno } from "./files.ts";
import { subnetProblem } from "./peer.ts";

/** This host's share of the overlay, as flannel's `subnet.env` tells it. */
export interface SubnetEnv {
  readonly subnets: readonly Cidr[];
  /** Bytes; `undefined` where the file does not say. */
  readonly mtu: number | undefined;
}

const KEYS = [
  { key: "FLANNEL_SUBNET", family: 4 },
  { key: "FLANNEL_IPV6_SUBNET", family: 6 },
] as const;

/** A handful of short lines. */
const MAX_BYTES = 16 * 1024;

/**
 * Reads a file in flannel's form: `FLANNEL_SUBNET` and `FLANNEL_IPV6_SUBNET` (the gateway's address with the subnet's length),
 * `FLANNEL_MTU`. What else stands in it is of no use here. CniError 11 while there is none: who writes it may be on its way.
 */
export function readSubnetEnv(files: Pick<Files, "readFile">, path: string): SubnetEnv {
  let text: string;
  try {
    text = asciiOf(files.readFile(path, MAX_BYTES));
  } catch (error) {
    if (isErrno(error, "ENOENT"))
      throw new CniError(
        CNI_CODE.TRY_AGAIN_LATER,
        `the overlay is not ready: subnetFile ${JSON.stringify(path)} does not exist yet`,
        "who writes it (flanneld, or the host's set-up) has to run first",
        { cause: error },
      );
    if (!isErrno(error, "EFBIG", "EINVAL", "EISDIR", "EACCES", "ENOTDIR", "ELOOP")) throw error;
    throw unreadable(path, (error as Error).message);
  }
  return parseSubnetEnv(text, path);
}

export function parseSubnetEnv(text: string, path: string): SubnetEnv {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, key, value] = /^\s*(?:export\s+)?([A-Z0-9_]+)=(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) values.set(key, value.replace(/^(["'])(.*)\1$/, "$2"));
  }
  const subnets = KEYS.flatMap(({ key, family }) => {
    const value = values.get(key) ?? "";
    if (value === "") return [];
    const subnet = parseCidr(value);
    if (subnet?.ip.family !== family)
      throw unreadable(path, `${key}=${JSON.stringify(value.slice(0, 60))} is no IPv${family} prefix`);
    const problem = subnetProblem(subnet);
    if (problem !== undefined) throw unreadable(path, `${key}: ${problem}`);
    return [networkCidr(subnet)];
  });
  if (subnets.length === 0) throw unreadable(path, "it has neither FLANNEL_SUBNET nor FLANNEL_IPV6_SUBNET");
  const mtu = values.get("FLANNEL_MTU") ?? "";
  if (mtu !== "" && !/^[1-9]\d{1,4}$/.test(mtu))
    throw unreadable(path, `FLANNEL_MTU=${JSON.stringify(mtu.slice(0, 60))}`);
  return { subnets, mtu: mtu === "" ? undefined : Number(mtu) };
}

function unreadable(path: string, why: string): CniError {
  return new CniError(
    CNI_CODE.INVALID_NETWORK_CONFIG,
    `cannot use subnetFile ${JSON.stringify(path)}: ${why}`,
    "form: FLANNEL_SUBNET=10.244.1.1/24, FLANNEL_IPV6_SUBNET=fd00:244:1::1/64, FLANNEL_MTU=1450, a line each",
  );
}

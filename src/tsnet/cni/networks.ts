import { CniError } from "../../cni/errors.ts";
import { findNetwork, listNetworks } from "../../cni/runtime/config-dir.ts";
import type { NetworkList } from "../../cni/runtime/config-list.ts";
import type { Surroundings } from "../surroundings.ts";
import { type CommonOptions, configFolder } from "./options.ts";

/** A file of the configuration folder: the network it describes, or why it describes none. */
export type NetworkFile = ReturnType<typeof listNetworks>[number];

export const networkFiles = (s: Surroundings, options: CommonOptions): NetworkFile[] =>
  listNetworks(s.native, configFolder(s, options));

/** The network of that name; when there is none, the error says which there are. */
export function networkOf(s: Surroundings, name: string, options: CommonOptions): NetworkList {
  try {
    return findNetwork(s.native, configFolder(s, options), name);
  } catch (error) {
    if (!(error instanceof CniError) || error.details !== "") throw error;
    throw new CniError(error.code, error.message, whatThereIs(networkFiles(s, options), name), { cause: error });
  }
}

function whatThereIs(files: readonly NetworkFile[], wanted: string): string {
  const names = files.flatMap(({ network }) => (network instanceof CniError ? [] : [network.name]));
  if (names.includes(wanted)) return "a file before it in the folder has to be mended or removed first";
  if (names.length > 0) return `there are: ${[...new Set(names)].join(", ")}`;
  return "name the folder with --conf-dir or NETCONFPATH";
}

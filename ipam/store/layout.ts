import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import { formatIp, type Ip, parseIp } from "../../src/ip/index.ts";

/** Where the reference host-local keeps networks. */
export const DEFAULT_DATA_DIR = "/var/lib/cni/networks";

/**
 * Files of one network. `leases` is the reference's folder and holds nothing but what the reference puts there, since it
 * reads every file in it at each call. Ours stand beside it, under a name that no network can have (names begin with a
 * letter or digit), on the same file system, so that a record can be a hard link to its lease.
 */
export interface Layout {
  readonly network: string;
  readonly dataDir: string;
  /** `<dataDir>/<network>` */
  readonly leases: string;
  /** `<dataDir>/<network>/lock`, the flock(2) target of the reference and ours; never unlinked. */
  readonly lock: string;
  /** `<dataDir>/.tsnet/<network>` */
  readonly own: string;
  /** `<dataDir>/.tsnet/<network>/index` */
  readonly index: string;
  /** `<dataDir>/.tsnet/<network>/records` */
  readonly records: string;
}

/** Throws CniError 7 for a network name that cannot be a folder of its own. */
export function layoutOf(dataDir: string, network: string): Layout {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(network) || network.length > 255)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `Cannot use network name ${JSON.stringify(network)} as a folder for leases`,
      "it must begin with a letter or digit, hold only letters, digits, '_', '.', '-', and have at most 255 characters",
    );
  const base = dataDir === "/" ? "" : dataDir.replace(/\/+$/, "");
  const leases = `${base}/${network}`;
  const own = `${base}/.tsnet/${network}`;
  return {
    network,
    dataDir: base,
    leases,
    lock: `${leases}/lock`,
    own,
    index: `${own}/index`,
    records: `${own}/records`,
  };
}

export function leasePath(layout: Layout, ip: Ip): string {
  return `${layout.leases}/${formatIp(ip)}`;
}

/** `last_reserved_ip.<set>`: the address the set gave out last. */
export function lastReservedPath(layout: Layout, set: number): string {
  return `${layout.leases}/last_reserved_ip.${set}`;
}

/** The address a file name stands for; `undefined` for other files. The reference only ever writes canonical text. */
export function addressOfName(name: string): Ip | undefined {
  const ip = parseIp(name);
  return ip !== undefined && formatIp(ip) === name ? ip : undefined;
}

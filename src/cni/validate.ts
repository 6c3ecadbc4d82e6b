import { CNI_CODE, CniError } from "./errors.ts";

/** Container IDs and network names: specification 1.1.0, "Parameters" and "Network configuration format". No upper length. */
const isName = (text: string): boolean => /^[a-zA-Z0-9]/.test(text) && !/[^a-zA-Z0-9_.-]/.test(text);

/** IFNAMSIZ (linux/if.h) is 16 with the final NUL. */
const MAX_IFNAME_BYTES = 15;

/** CniError 4 unless `id` may be a container ID. */
export function validateContainerId(id: string): void {
  if (id === "") throw new CniError(CNI_CODE.UNKNOWN_CONTAINER, "missing containerID");
  if (!isName(id)) throw new CniError(CNI_CODE.INVALID_ENVIRONMENT, "invalid characters in containerID", id);
}

/** CniError 7 unless `name` may be a network's name. */
export function validateNetworkName(name: string): void {
  if (name === "") throw new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, "missing network name");
  if (!isName(name))
    throw new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, "invalid characters found in network name", name);
}

/** CniError 4 unless the kernel takes `name` for an interface (`dev_valid_name`, net/core/dev.c). */
export function validateIfName(name: string): void {
  const refuse = (msg: string, details: string): never => {
    throw new CniError(CNI_CODE.INVALID_ENVIRONMENT, msg, details);
  };
  const quoted = JSON.stringify(name);
  if (name === "") refuse("interface name is empty", "");
  if (new TextEncoder().encode(name).length > MAX_IFNAME_BYTES)
    refuse("interface name is too long", `${quoted}: the kernel holds ${MAX_IFNAME_BYTES} bytes`);
  if (name === "." || name === "..") refuse("interface name is . or ..", "");
  if (/[/:\p{White_Space}]/u.test(name))
    refuse("interface name contains / or : or whitespace characters", `${quoted} cannot name an interface`);
  // The kernel puts a number for %d and refuses any other %; the two words are folders of /proc/sys/net/ipv4/conf.
  if (name.includes("%")) refuse("interface name contains %", `${quoted}: the kernel takes it for a pattern`);
  if (name === "all" || name === "default")
    refuse(`interface name is ${name}`, "the kernel has settings of that name for all interfaces");
}

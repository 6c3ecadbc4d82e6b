import type { KernelContext } from "./context.ts";

/** Kernel parameters of the namespace. A key is the path below /proc/sys: `net/ipv4/conf/eth0.5/forwarding`. */
export interface SysctlVerbs {
  /** Without the line's end. SystemError ENOENT when the kernel has no such parameter. */
  get(key: string): Promise<string>;
  /** SystemError ENOENT, EINVAL (not a value it takes), EROFS or EACCES (/proc/sys is read-only). */
  set(key: string, value: string): Promise<void>;
}

export function sysctlVerbs({ native, netns, waiting }: KernelContext): SysctlVerbs {
  return {
    async get(key) {
      const text = waiting === "here" ? native.sysctlGet(netns, key) : await native.sysctlGetAsync(netns, key);
      return text.replace(/\n$/, "");
    },
    async set(key, given) {
      // A write of no bytes never reaches the parameter: an empty value is an empty line, as sysctl(8) writes it.
      const value = given === "" ? "\n" : given;
      if (waiting === "here") native.sysctlSet(netns, key, value);
      else await native.sysctlSetAsync(netns, key, value);
    },
  };
}

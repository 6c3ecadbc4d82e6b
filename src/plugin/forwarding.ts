import type { Kernel } from "../kernel/kernel.ts";

const KEY = { 4: "net/ipv4/ip_forward", 6: "net/ipv6/conf/all/forwarding" } as const;

export async function isForwarding(host: Kernel, family: 4 | 6): Promise<boolean> {
  return (await host.sysctl.get(KEY[family])) === "1";
}

/** Lets the host route for its containers. Written only where it is off: the write reaches every interface. */
export async function enableForwarding(host: Kernel, family: 4 | 6): Promise<void> {
  if (!(await isForwarding(host, family))) await host.sysctl.set(KEY[family], "1");
}

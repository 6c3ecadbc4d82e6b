import { expect, test } from "bun:test";
import { CniError } from "../../src/cni/errors.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { NetlinkError } from "../../src/netlink/socket/index.ts";
import { applySetting, requireFittingMtu } from "./link-settings.ts";

const [EBUSY, EPERM, EOPNOTSUPP] = [16, 1, 95];

/** A container whose interface refuses a hardware address so, and what its two announcing parameters went through. */
function containerRefusing(errno: number): { sandbox: Kernel; written: string[] } {
  const written: string[] = [];
  const sandbox = {
    link: { set: () => Promise.reject(new NetlinkError('RTM_NEWLINK "#2"', errno)) },
    sysctl: {
      get: async (key: string) => (key.includes("ipv6") ? "1" : "0"),
      set: async (key: string, value: string) => void written.push(`${key}=${value}`),
    },
  } as unknown as Kernel;
  return { sandbox, written };
}

test.each([
  [EBUSY, /"eth0" takes a hardware address only while it is down/],
  [EOPNOTSUPP, /"eth0" takes no other hardware address/],
  [EPERM, /RTM_NEWLINK "#2": EPERM/],
])("errno %d to a hardware address", async (errno, msg) => {
  const { sandbox, written } = containerRefusing(errno);
  const attempt = applySetting(sandbox, { index: 2, name: "eth0" }, "mac", { mac: "02:00:00:00:00:01" });
  await expect(attempt).rejects.toThrow(msg);
  // The parameter that was off is off again; the one that was on is left alone.
  expect(written).toEqual(["net/ipv4/conf/eth0/arp_notify=1", "net/ipv4/conf/eth0/arp_notify=0"]);
});

test("an MTU must be what the driver takes; some name no upper limit", () => {
  const link = (minMtu?: number, maxMtu?: number) => ({ name: "eth0", attrs: { minMtu, maxMtu } }) as Link;
  for (const [has, mtu] of [
    [link(68, 1500), 1500],
    [link(68, 0), 9000],
    [link(), 9000],
    [link(68, 1500), undefined],
  ] as const)
    expect(() => requireFittingMtu(has, { ...(mtu !== undefined && { mtu }) })).not.toThrow();
  for (const mtu of [100, 1501]) expect(() => requireFittingMtu(link(128, 1500), { mtu })).toThrow(CniError);
});

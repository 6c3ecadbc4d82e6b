import { expect, test } from "bun:test";
import type { Waiting } from "../../src/kernel/context.ts";
import { makePair, makeWorld } from "./world.ts";

for (const waiting of ["here", "aside"] as const satisfies Waiting[])
  test(`sysctls are those of the namespace (${waiting})`, async () => {
    await using world = await makeWorld(waiting);
    await using other = await makeWorld(waiting);
    const { kernel, place } = world;
    await makePair(world);
    await kernel.link.set("v0", { up: false });
    await kernel.link.set("v0", { name: "eth0.5" });
    const read = async (key: string): Promise<string> => (await place.exec("cat", `/proc/sys/${key}`)).trim();
    const key = "net/ipv4/conf/eth0.5/arp_notify";
    expect(await kernel.sysctl.get(key)).toBe("0");
    await kernel.sysctl.set(key, "1");
    expect(await read(key)).toBe("1");
    expect(await kernel.sysctl.get(key)).toBe("1");
    await other.kernel.sysctl.set("net/ipv4/ip_forward", "0");
    await kernel.sysctl.set("net/ipv4/ip_forward", "1");
    expect(await read("net/ipv4/ip_forward")).toBe("1");
    expect(await other.kernel.sysctl.get("net/ipv4/ip_forward")).toBe("0");
    await expect(kernel.sysctl.get("net/ipv4/conf/nobody/arp_notify")).rejects.toMatchObject({ code: "ENOENT" });
    await expect(kernel.sysctl.set(key, "many")).rejects.toMatchObject({ code: "EINVAL" });
  });

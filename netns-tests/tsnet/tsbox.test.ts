import { expect } from "bun:test";
import { testUnless } from "../support/skip.ts";
import { lacks, makeLab } from "../tsbox/lab.ts";
import { lacksTsnet, TSNET } from "./tsnet.ts";

testUnless(
  [...lacks, lacksTsnet],
  "a container of tsbox is the owner of its namespace, found by name and ID, and its attachment stands",
  async () => {
    await using lab = await makeLab();
    const id = await lab.ok("run", "-d", "--name", "web", "-p", "8080:80", "box", "sleep", "60");
    const tsnet = (...args: string[]): Promise<string> => lab.host.exec(TSNET, ...args);
    const listed = JSON.parse(await tsnet("ns", "ls", "--json")) as { containers: object[]; label: string }[];
    expect(listed.find(({ containers }) => containers.length > 0)).toMatchObject({
      label: "web",
      containers: [{ runtime: "tsbox", id, name: "web" }],
    });
    expect(await tsnet("ns", "ls")).toMatch(/^web +tsbox web +eth0 /m);
    for (const name of ["web", id, id.slice(0, 12), await lab.pidOf("web")])
      expect(await tsnet("link", "ls", "-n", name)).toMatch(/^eth0 +veth +up .* in host/m);
    // What lives is not taken for left behind.
    expect(await tsnet("gc")).toBe("nothing was left behind\n");
    expect(await tsnet("ipam", "gc")).toBe("no lease is without its holder\n");
    expect(await tsnet("ipam", "ls")).toMatch(/^tsbox +1 +10\.86\.0\.0\/16 +\/var\/lib\/tsbox\/leases\/tsbox$/m);
    expect(await tsnet("ipam", "show", "tsbox")).toMatch(
      new RegExp(`^10\\.86\\.\\d+\\.\\d+ +${id} +eth0 +in use +tsnet$`, "m"),
    );
    expect(await tsnet("ipam", "usage", "tsbox")).toMatch(/^tsbox +10\.86\.0\.1-10\.86\.255\.254 +1 +65532 /m);

    // A flush takes its port and masquerading, repair brings them back.
    const rules = async (): Promise<string> =>
      (await lab.host.exec("nft", "list", "table", "inet", "tsnet")).replace(/ packets \d+ bytes \d+/g, "");
    const before = await rules();
    await lab.host.exec("nft", "flush", "ruleset");
    expect(await tsnet("repair")).toContain("1 attachment in /var/lib/cni and /var/lib/tsbox/cni: 0 whole, 1 repaired");
    expect(await rules()).toBe(before);

    // A lease that nobody knows, as of a disk that was put back.
    const lease = "/var/lib/tsbox/leases/tsbox/10.86.3.77";
    await lab.host.exec("sh", "-ec", `printf 'nobody\\r\\neth0' > ${lease}; touch -d '5 minutes ago' ${lease}`);
    expect(await tsnet("gc")).toContain(
      "lease tsbox 10.86.3.77 of nobody eth0: its holder is gone; would be removed\n",
    );
    expect(await tsnet("ipam", "gc", "--yes")).toBe("tsbox 10.86.3.77 of nobody eth0\n1 lease freed\n");
    expect(await tsnet("gc")).toBe("nothing was left behind\n");
    await lab.ok("rm", "-f", "web");
    expect(await tsnet("gc")).toBe("nothing was left behind\n");
    expect(await tsnet("ipam", "ls")).toMatch(/^tsbox +0 /m);
  },
  60_000,
);

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
    await lab.ok("rm", "-f", "web");
    expect(await tsnet("gc")).toBe("nothing was left behind\n");
  },
  60_000,
);

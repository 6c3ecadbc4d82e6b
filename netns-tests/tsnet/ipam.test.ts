import { expect } from "bun:test";
import { rmSync, utimesSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { makeNetns, makeSandbox } from "../support/netns.ts";
import { testUnless } from "../support/skip.ts";
import { bridgeList, lacksTsnet, workplace } from "./tsnet.ts";

const rows = (text: string): string[][] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/));

testUnless(
  lacksTsnet,
  "ipam words show, free and bring back leases, and leave to the living what is theirs",
  async () => {
    await using host = await makeNetns();
    await using blue = await makeSandbox();
    const red = await makeSandbox();
    await using w = await workplace(host);
    await w.network("web", bridgeList(w, ["10.35.0.0/29", "fd35::/64"]));
    const where = ["--data-dir", w.leases, "--conf-dir", w.confDir, "--cache-dir", w.cacheDir];
    const ipam = (...args: string[]) => w.tsnet(["ipam", ...args, ...where]);
    const must = async (...args: string[]): Promise<string> => {
      const ran = await ipam(...args);
      expect({ args, code: ran.code, err: ran.stderr }).toEqual({ args, code: 0, err: "" });
      return ran.stdout;
    };
    const files = async (): Promise<string[]> =>
      (await readdir(`${w.leases}/web`)).filter((name) => /^(10\.|fd)/.test(name)).sort();

    expect(rows(await must("ls"))).toEqual([
      ["NETWORK", "LEASES", "RANGES", "FOLDER"],
      ["web", "0", "10.35.0.0/29 fd35::/64", `${w.leases}/web`],
    ]);
    await w.must("cni", "add", "web", blue.path, "--container-id", "one");
    await w.must("cni", "add", "web", red.path, "--container-id", "two");
    expect(rows(await must("usage", "web"))[1]).toEqual(["web", "10.35.0.1-10.35.0.6", "2", "3", "40 %"]);
    const shown = rows(await must("show", "web"));
    expect(shown[0]).toEqual(["ADDRESS", "CONTAINER", "INTERFACE", "HOLDER", "MADE BY"]);
    expect(shown).toContainEqual(["10.35.0.2", "one", "eth0", "in use", "tsnet"]);
    expect(shown).toContainEqual(["fd35::3", "two", "eth0", "in use", "tsnet"]);
    expect(JSON.parse(await must("show", "web", "--json"))).toContainEqual({
      address: "10.35.0.3",
      container_id: "two",
      ifname: "eth0",
      holder: "in use",
      recorded: true,
    });

    // Looking wrote nothing, not even the lock's time.
    const before = await files();
    for (const word of [["ls"], ["usage"], ["show", "web"], ["gc"], ["import", "web"]]) await must(...word);
    expect(await files()).toEqual(before);
    expect(await must("gc", "--yes")).toBe("no lease is without its holder\n");

    const inUse = await ipam("release", "web", "10.35.0.2");
    expect(inUse).toMatchObject({ code: 1, stderr: expect.stringContaining("10.35.0.2 is in use by one eth0") });
    expect(await must("release", "web", "10.35.0.2", "--force", "--dry-run")).toContain("would be free");
    expect(await files()).toEqual(before);

    // One container vanishes without DEL.
    await red[Symbol.asyncDispose]();
    // A lease so new may be that of an ADD under way, with nothing else there yet.
    expect(rows(await must("show", "web"))).toContainEqual(["10.35.0.3", "two", "eth0", "just made", "tsnet"]);
    expect(await must("gc", "web", "--yes")).toBe("no lease is without its holder\n");
    expect(await files()).toEqual(before);
    for (const name of before) utimesSync(`${w.leases}/web/${name}`, 1e9, 1e9);
    expect(rows(await must("show", "web"))).toContainEqual(["10.35.0.3", "two", "eth0", "gone", "tsnet"]);
    expect(await must("gc", "web")).toBe(
      "web 10.35.0.3 of two eth0\nweb fd35::3 of two eth0\n2 leases would be freed: --yes does it\n",
    );
    expect(await files()).toEqual(before);
    expect(await must("gc", "web", "--yes")).toContain("2 leases freed");
    expect(await files()).toEqual(["10.35.0.2", "fd35::2"]);

    // The folder is lost; the living get theirs back, but not what another holds by now.
    for (const name of await files()) rmSync(`${w.leases}/web/${name}`);
    expect(await must("import", "web")).toBe(
      "10.35.0.2 would be leased to one eth0\nfd35::2 would be leased to one eth0\n2 leases missing: --yes writes them\n",
    );
    expect(await files()).toEqual([]);
    await Bun.write(`${w.leases}/web/fd35::2`, "three\r\neth0");
    const taken = await ipam("import", "web", "--yes");
    expect(taken).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("fd35::2 of one eth0 is leased to three eth0"),
    });
    expect(await Bun.file(`${w.leases}/web/10.35.0.2`).text()).toBe("one\r\neth0");
    expect(await Bun.file(`${w.leases}/web/fd35::2`).text()).toBe("three\r\neth0");
    rmSync(`${w.leases}/web/fd35::2`);
    await must("import", "web", "--yes");
    expect(await must("import", "web")).toBe("no lease is missing\n");
    await w.must("cni", "del", "web", blue.path, "--container-id", "one");
    expect(await files()).toEqual([]);

    // Garbage among leases, and what is wrong on the command line.
    await Bun.write(`${w.leases}/web/10.35.0.4`, "\u001b[31mnot a lease\n");
    expect(await must("show", "web")).toContain("10.35.0.4  no lease");
    expect(await must("gc", "--yes")).toBe("no lease is without its holder\n");
    for (const [args, code, says] of [
      [["show", "wbe"], 1, "did you mean web?"],
      [["release", "web", "10.35.0.9"], 1, "is not leased"],
      [["release", "web", "banana"], 2, "is no IP address"],
      [["import", "web", "--from", "/nowhere"], 2, "is no folder"],
    ] as const) {
      const ran = await ipam(...args);
      expect({ args, code: ran.code, err: ran.stderr }).toEqual({ args, code, err: expect.stringContaining(says) });
    }
  },
);

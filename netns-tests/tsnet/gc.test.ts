import { expect } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { loadNative } from "../../native/load.ts";
import { makeNetns, makeSandbox } from "../support/netns.ts";
import { randomName } from "../support/run.ts";
import { testUnless } from "../support/skip.ts";
import { diff, snapshot } from "../support/snapshot.ts";
import { bridgeList, lacksTsnet, published, workplace } from "./tsnet.ts";

testUnless(lacksTsnet, "gc finds what the dead left, says so first, and leaves the living alone", async () => {
  await using host = await makeNetns();
  await using blue = await makeSandbox();
  const red = await makeSandbox();
  const green = await makeSandbox();
  await using w = await workplace(host);
  await w.network("web", bridgeList(w, ["10.38.0.0/24", "fd38::/64"]));
  const where = ["--data-dir", w.leases, "--conf-dir", w.confDir, "--cache-dir", w.cacheDir];
  const gc = (...args: string[]) => w.tsnet(["gc", ...args, ...where]);
  const add = (netns: string, id: string, port: number) =>
    w.must("cni", "add", "web", netns, "--container-id", id, "--cap-args", published(port, 80));

  await add(blue.path, "living", 8080);
  const living = await snapshot(host, { folders: [w.folder] });
  expect(await gc()).toMatchObject({ code: 0, stdout: "nothing was left behind\n" });

  await add(red.path, "dead", 8081);
  await add(green.path, "forgotten", 8082);
  // One dies without DEL; the other is forgotten by its runtime as well.
  await red[Symbol.asyncDispose]();
  await green[Symbol.asyncDispose]();
  await host.exec("sh", "-c", `rm ${w.cacheDir}/results/web-forgotten-eth0`);
  await host.exec("sh", "-c", `touch -d '5 minutes ago' ${w.leases}/web/10.* ${w.leases}/web/fd*`);
  const name = randomName("t");
  await Bun.write(`/run/netns/${name}`, "");

  // The kernel takes the pairs down with their namespaces, but not at once.
  const pairs = async () => (await host.exec("ip", "-o", "link", "show", "type", "veth")).trim().split("\n").length;
  for (let tries = 0; tries < 100 && (await pairs()) > 1; tries++) await Bun.sleep(20);
  const before = await snapshot(host, { folders: [w.folder] });
  const dry = await gc();
  expect(dry.code).toBe(0);
  for (const line of [
    `attachment web dead eth0: its namespace ${red.path} is gone; would be removed`,
    "port tcp 0.0.0.0:8082: 10.38.0.4 of web forgotten eth0 is nowhere; would be removed",
    "masquerading of 10.38.0.4: it was that of web forgotten eth0, and is nowhere; would be removed",
    "lease web 10.38.0.4 of forgotten eth0: its holder is gone; would be removed",
    `name /run/netns/${name}: no namespace is bound to it; would be removed`,
    "nothing was done, --yes removes them",
  ])
    expect(dry.stdout).toContain(line);
  expect(dry.stdout).not.toContain("living");
  expect(diff(before, await snapshot(host, { folders: [w.folder] }))).toEqual([]);

  // Locks: of namespaces that are gone, of one that is there, one that somebody holds, and what is no lock of ours.
  const inode = (await host.exec("stat", "-Lc", "%d-%i", "/proc/self/ns/net")).trim();
  const here = `/run/tsnet/nft-${inode}.lock`;
  expect(existsSync(here)).toBe(true);
  const gone = ["nft-4-77.lock", "overlay-4-77-0123456789abcdef.lock"].map((file) => `/run/tsnet/${file}`);
  const stay = ["nft-4-78.lock", "nft-4-77.locked", "other.lock"].map((file) => `/run/tsnet/${file}`);
  for (const file of [...gone, ...stay]) await Bun.write(file, "");
  const native = loadNative();
  const held = native.lockFile(stay[0] ?? "", 0);

  const done = await gc("--yes");
  native.closeFd(held);
  expect([here, ...stay, ...gone].filter((file) => existsSync(file))).toEqual([here, ...stay]);
  for (const file of stay) rmSync(file);
  expect({ code: done.code, err: done.stderr }).toEqual({ code: 0, err: "" });
  expect(existsSync(`/run/netns/${name}`)).toBe(false);
  const after = await snapshot(host, { folders: [w.folder] });
  // The store's own bookkeeping, and where it goes on giving out addresses, is not the dead's.
  const ignore = [/last_reserved_ip|\.tsnet|\/lock/, /netns t/, /nft (chain|rule|map|set) /];
  expect(diff(living, after, { ignore })).toEqual([]);
  expect(await gc("--yes")).toMatchObject({ code: 0, stdout: "nothing was left behind\n" });
  expect(JSON.parse((await gc("--json")).stdout)).toEqual({ dry_run: true, found: [] });
  await w.must("cni", "check", "web", blue.path, "--container-id", "living");
});

import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";
import { testUnless } from "../support/skip.ts";
import { ping } from "../support/traffic.ts";
import { DEVICE, lack, makeOverlayLab, peerOf, tellOf } from "./lab.ts";

/** plugins/vxlan/README.md: its examples work as they stand. */

const PAGE = readFileSync(join(import.meta.dir, "../../plugins/vxlan/README.md"), "utf8");
const examples = [...PAGE.matchAll(/^```json\n(.*?)^```$/gms)].map(([, text = ""]) => JSON.parse(text) as JsonObject);

/** Leases go where a test's may, and peers and share of the second example into the lab's own folders. */
const without = ({ cniVersion: _, name: __, type: ___, ...keys }: JsonObject): JsonObject => keys;

testUnless(lack, "the first example, the same on every host, connects three of them", async () => {
  await using lab = await makeOverlayLab({ underlay: 4, keys: { ...without(examples[0] ?? {}), peersDir: "" } });
  const pods = await Promise.all(lab.hosts.map((host) => host.attach(host.name)));
  const seen = pods.map(({ v4, v6 }) => [v4, v6]);
  expect(seen).toEqual([1, 2, 3].map((n) => [`10.244.${n}.2`, `fd00:244:${n}::2`]));
  for (const from of pods)
    for (const to of pods.filter((pod) => pod !== from))
      for (const address of [to.v4, to.v6]) expect(await ping(from.sandbox, address)).toBe(true);
});

testUnless(lack, "the second example works with flannel's subnet.env and the third as a peer file", async () => {
  await using lab = await makeOverlayLab({ underlay: 4, hosts: 2 });
  const [one, two] = [lab.host(1), lab.host(2)];
  const { subnetFile, peersDir, ...keys } = without(examples[1] ?? {});
  expect([subnetFile, peersDir]).toEqual(["/run/flannel/subnet.env", "/run/overlay/blue"]);
  const env = join(one.peersDir, "../subnet.env");
  await writeFile(
    env,
    "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1400\nFLANNEL_IPMASQ=true\n",
  );
  const third = examples[2] ?? {};
  await tellOf(one.peersDir, "host2", third);
  await tellOf(two.peersDir, "host2", { ...peerOf(2, 4), ...third });
  await using files = await makeOverlayLab({
    underlay: 4,
    hosts: 1,
    keys: { ...keys, subnetFile: env, peersDir: one.peersDir },
  });
  const alone = await files.host(1).attach("a");
  expect([alone.v4, alone.v6]).toEqual(["10.244.1.2", ""]);
  const [device] = await files.host(1).json<{ mtu: number }>("ip", "-j", "link", "show", "dev", DEVICE);
  expect(device?.mtu).toBe(1400);
  expect(await files.host(1).place.exec("bridge", "fdb", "show", "dev", DEVICE)).toContain(
    `${third["mac"]} dst 192.0.2.2`,
  );

  // The host of the third example follows its own entry.
  const [a, b] = [await one.attach("a"), await two.attach("b")];
  expect(await two.place.exec("ip", "link", "show", "dev", DEVICE)).toContain(String(third["mac"]));
  expect(await ping(a.sandbox, b.v4)).toBe(true);
});

testUnless(lack, "the shell line gives the MAC address that the device has", async () => {
  const [, line = ""] = /^ {4}(printf .*)$/m.exec(PAGE) ?? [];
  await using lab = await makeOverlayLab({ underlay: 4, hosts: 2 });
  await lab.host(2).sync();
  const hex = (await lab.host(2).place.exec("sh", "-c", line)).trim();
  const [device] = await lab.host(2).json<{ address: string }>("ip", "-j", "link", "show", "dev", DEVICE);
  expect(device?.address.replaceAll(":", "")).toBe(`02${hex}`);
});

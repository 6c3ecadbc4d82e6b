import { expect, test } from "bun:test";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { NetlinkError } from "../../src/netlink/socket/index.ts";
import type { Ipam } from "../../src/plugin/ipam.ts";
import { hostVethName, MAX_ALIAS, ownerMark, ownerOf } from "../../src/plugin/owner.ts";
import type { StepError } from "../../src/plugin/steps.ts";
import { parse } from "./config.ts";
import { gc } from "./gc.ts";

const EBUSY = 16;
const stale = { network: "net", containerId: "c1", ifName: "eth0" };

/** GC with one stale link, on a host without nf_tables; gives what it did, in order, and what failed. */
async function run(deleting: () => Promise<void>): Promise<{ log: string[]; failed: string[] }> {
  const log: string[] = [];
  const port = { index: 5, name: hostVethName(ownerOf(stale)), alias: ownerMark(stale, MAX_ALIAS) } as Link;
  const link: Pick<Kernel["link"], "get" | "list" | "del"> = {
    get: async () => undefined,
    list: async () => [port],
    async del() {
      log.push("link");
      await deleting();
    },
  };
  const ipam: Pick<Ipam, "gc"> = { gc: async () => void log.push("leases") };
  const raw = { ipam: { type: "host-local" } };
  const conf = parse({ cniVersion: "1.1.0", name: "net", type: "bridge", raw }, { lenient: true });
  const ctx = { host: { link } as Kernel, ipam: { of: () => ipam as Ipam }, note: () => {} };
  const error = (await gc({ conf, validAttachments: [] }, ctx).catch((thrown: unknown) => thrown)) as StepError;
  return { log, failed: [error, ...error.undoErrors].map(({ message }) => message) };
}

test("GC frees addresses after the links, whatever becomes of the rest", async () => {
  const { log, failed } = await run(async () => {});
  expect(log).toEqual(["link", "leases"]);
  expect(failed.map((message) => message.split(":")[0])).toEqual([
    "remove source address checks",
    "remove masquerading",
    "remove what the reference plugin left",
  ]);
});

test("GC frees no address while a link stands that may answer to it", async () => {
  const { log, failed } = await run(() => Promise.reject(new NetlinkError("RTM_DELLINK", EBUSY)));
  expect(log).toEqual(["link"]);
  expect(failed.at(0)).toContain("delete links: delete veth");
  expect(failed.at(-1)).toBe('release addresses: not done, because "delete links" failed');
});

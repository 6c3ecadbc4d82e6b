import { expect, test } from "bun:test";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { NetlinkError } from "../../src/netlink/socket/index.ts";
import type { Ipam } from "../../src/plugin/ipam.ts";
import { hostVethName, MAX_ALIAS, ownerMark, ownerOf } from "../../src/plugin/owner.ts";
import { parse } from "./config.ts";
import { del } from "./del.ts";
import { noteOf } from "./extras.ts";

const EBUSY = 16;
const attachment = { network: "net", containerId: "c1", ifName: "eth0" };
const raw = { bridge: "br0", ipam: { type: "host-local" } };
const conf = parse({ cniVersion: "1.0.0", name: "net", type: "bridge", raw }, { lenient: true });

/** DEL of one attachment; gives what it did, in order. */
async function run(deleting: () => Promise<void>): Promise<{ log: string[]; error: unknown }> {
  const log: string[] = [];
  const port = {
    index: 5,
    name: hostVethName(ownerOf(attachment)),
    kind: "veth",
    alias: ownerMark(attachment, MAX_ALIAS, noteOf(conf)),
  } as Link;
  const link: Pick<Kernel["link"], "get" | "del"> = {
    get: async () => port,
    async del() {
      log.push("link");
      await deleting();
    },
  };
  const ipam: Pick<Ipam, "del"> = { del: async () => void log.push("lease") };
  const req = { conf, containerId: "c1", ifName: "eth0", netns: "", args: "" };
  const ctx = { host: { link } as Kernel, ipam: { of: () => ipam as Ipam }, note: () => {} };
  const error = await del(req, ctx).catch((thrown: unknown) => thrown);
  return { log, error };
}

test("DEL releases the lease after the link", async () => {
  expect(await run(async () => {})).toEqual({ log: ["link", "lease"], error: undefined });
});

test("DEL keeps the lease while the link stands, and says so", async () => {
  const { log, error } = await run(() => Promise.reject(new NetlinkError("RTM_DELLINK", EBUSY)));
  expect(log).toEqual(["link"]);
  expect(error).toMatchObject({
    step: "delete link",
    undoErrors: [{ message: 'release addresses: not done, because "delete link" failed' }],
  });
});

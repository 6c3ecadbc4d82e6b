/** Thousands of ports at once: what is bounded is how often the kernel is asked, which does not depend on the machine. */
import { expect } from "bun:test";
import type { Native } from "../../native/addon.ts";
import { loadNative } from "../../native/load.ts";
import { parseCidr } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { openKernelAt } from "../../src/kernel/open.ts";
import { splitMessages } from "../../src/netlink/wire/index.ts";
import { checkPublished } from "../../src/plugin/nat/check-published.ts";
import { type Publication, publish } from "../../src/plugin/nat/publish.ts";
import { hairpinChain } from "../../src/plugin/nat/side-chains.ts";
import { unpublish, unpublishStale } from "../../src/plugin/nat/unpublish.ts";
import { makeNetns } from "../support/netns.ts";
import { lacksRoot, testUnless } from "../support/skip.ts";
import { elements } from "./world.ts";

const MANY = 10_000;

const ports = (count: number, target = "10.1.0.5/16"): Publication[] => {
  const cidr = parseCidr(target);
  if (!cidr) throw new Error(target);
  const hairpin = hairpinChain(cidr);
  return Array.from({ length: count }, (_, i) => ({
    ...{ family: 4, protocol: "tcp", hostPort: 2000 + i, hostAddress: undefined },
    ...{ target: cidr.ip, targetPort: 80, hairpin, guard: undefined },
  }));
};

/** Counts what `work` sends: exchanges, and messages in them. */
async function sentBy(
  path: string,
  work: (host: Kernel) => Promise<unknown>,
): Promise<{ exchanges: number; messages: number }> {
  const native = loadNative();
  const sent = { exchanges: 0, messages: 0 };
  const counting: Native = Object.assign(Object.create(native), {
    netlinkExchange(socket: number, request: Uint8Array, timeoutMs: number) {
      sent.exchanges++;
      sent.messages += splitMessages(request).length;
      return native.netlinkExchange(socket, request, timeoutMs);
    },
  });
  await using host = openKernelAt(counting, path, { waiting: "here" });
  await work(host);
  return sent;
}

const FEW = { exchanges: 30, messages: 200 };
function expectFew({ exchanges, messages }: typeof FEW): void {
  expect(exchanges).toBeLessThanOrEqual(FEW.exchanges);
  expect(messages).toBeLessThanOrEqual(FEW.messages);
}

const ONE = { network: "many", containerId: "c1", ifName: "eth0" };
/** The same container on another network of its own. */
const OTHER = { ...ONE, network: "other" };

testUnless(
  lacksRoot,
  `ADD, CHECK and DEL of ${MANY} ports, once more or by GC, ask the kernel a few times`,
  async () => {
    await using host = await makeNetns();
    const all = ports(MANY);
    const keys = all.map(({ target: _, ...port }) => port);
    expectFew(await sentBy(host.path, (kernel) => publish(kernel, ONE, all)));
    expect((await elements(host, "ports4")).length).toBe(MANY);
    expectFew(await sentBy(host.path, (kernel) => checkPublished(kernel, ONE, all)));
    expectFew(await sentBy(host.path, (kernel) => publish(kernel, ONE, all)));
    expectFew(await sentBy(host.path, (kernel) => unpublish(kernel, ONE, keys)));
    expect(await elements(host, "ports4")).toEqual([]);
    expect(await elements(host, "hairpin4")).toEqual([]);
    await sentBy(host.path, (kernel) => publish(kernel, ONE, all));
    expectFew(await sentBy(host.path, (kernel) => unpublishStale(kernel, ONE.network, new Set())));
    expect(await elements(host, "ports4")).toEqual([]);
  },
);

testUnless(lacksRoot, `${MANY} ports on two networks of a container: the second takes over`, async () => {
  await using host = await makeNetns();
  const first = ports(MANY);
  const second = ports(MANY, "10.2.0.5/16");
  await using kernel = openKernelAt(loadNative(), host.path, { waiting: "here" });
  await publish(kernel, ONE, first);
  await publish(kernel, OTHER, second);
  expect((await elements(host, "standby4")).length).toBe(MANY);
  await unpublish(kernel, ONE, first);
  expect((await elements(host, "standby4")).length).toBe(0);
  expect(JSON.stringify(await elements(host, "ports4"))).not.toContain("10.1.0.5");
  await checkPublished(kernel, OTHER, second);
});

testUnless(lacksRoot, "two ports ask the kernel for two ports, whatever else is published", async () => {
  await using host = await makeNetns();
  await sentBy(host.path, (kernel) => publish(kernel, ONE, ports(MANY).slice(2)));
  const two = ports(2);
  const TWO = { ...ONE, containerId: "c2" };
  const add = await sentBy(host.path, (kernel) => publish(kernel, TWO, two));
  expect(add.exchanges).toBeLessThanOrEqual(5);
  expect(add.messages).toBeLessThanOrEqual(30);
  const del = await sentBy(host.path, (kernel) => unpublish(kernel, TWO, two));
  expect(del.exchanges).toBeLessThanOrEqual(10);
  expect(del.messages).toBeLessThanOrEqual(30);
  expect((await elements(host, "ports4")).length).toBe(MANY - 2);
});

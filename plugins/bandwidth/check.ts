import type { AttachmentRequest } from "../../src/cni/types.ts";
import { formatCidr } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import type { Filter, Qdisc } from "../../src/kernel/tc.ts";
import { type Htb, htbClass } from "../../src/netlink/tc/index.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { checkFailed } from "../../src/plugin/check.ts";
import { ownerOf } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import type { BandwidthConf, Rate, Subnets } from "./config.ts";
import { ifbName, isIfbName } from "./ifb.ts";
import { bucketOf, defaultClassOf, filtersOf, type Limit, SHAPED, UNLIMITED } from "./limit.ts";
import { type Place, placeOf } from "./place.ts";
import { filtersBefore, isInUse, redirectTargets } from "./redirect.ts";

/** CHECK: both limits are what the config says, and what arrives still goes the way on which it is limited. */
export async function check(req: AttachmentRequest<BandwidthConf>, { host }: PluginContext): Promise<void> {
  if (!req.conf.ingress && !req.conf.egress) return;
  await using sandbox = await host.enter(req.netns);
  const place = await placeOf(req, host, sandbox);
  const { kernel, link, leaving, arriving } = place;
  if (leaving) await checkLimit(kernel, link, leaving);
  if (arriving) await checkLimit(kernel, await checkIfb(req, place), arriving);
}

/** The IFB to which the link's filter leads: ours, or the reference's, which has another name. */
async function checkIfb(req: AttachmentRequest<BandwidthConf>, { kernel, link }: Place): Promise<Link> {
  const name = ifbName(ownerOf(attachmentOf(req)));
  const targets = await redirectTargets(kernel, link.index);
  for (const index of targets) {
    const ifb = index === 0 ? undefined : await kernel.link.get(index);
    if (ifb?.kind !== "ifb" || !isIfbName(ifb.name)) continue;
    if (!ifb.up) throw checkFailed(`IFB "${ifb.name}" is down`, `ip link set ${ifb.name} up`);
    const [before] = await filtersBefore(kernel, link.index, index);
    if (before)
      throw checkFailed(`what arrives at "${link.name}" meets ${textOf(before)} before it is redirected`, REMOVE);
    return ifb;
  }
  if (!(await kernel.link.get(name))) throw checkFailed(`IFB "${name}" of "${link.name}" is missing`);
  throw checkFailed(`what arrives at "${link.name}" is not redirected to IFB "${name}"`);
}

async function checkLimit(kernel: Kernel, link: Link, limit: Limit): Promise<void> {
  const root = await kernel.tc.getQdisc({ link: link.index });
  if (!limit.subnets) return checkBucket(link, root, limit);
  const tree = root?.attrs.kind === "htb" ? root.attrs.data?.init : undefined;
  if (tree?.defaultClass !== defaultClassOf(limit.subnets.are))
    throw checkFailed(`"${link.name}" has no root qdisc htb that tells subnets apart`);
  const shaped = (await kernel.tc.listClasses(link.index)).find(({ handle }) => handle === SHAPED.handle);
  checkClass(link, shaped?.attrs.kind === "htb" ? shaped.attrs.data : undefined);
  checkBucket(link, await kernel.tc.getQdisc({ link: link.index, parent: SHAPED.handle }), limit);
  await checkFilters(kernel, link, limit, limit.subnets);
}

/** The bucket in it is what limits, so the class must not. */
function checkClass(link: Link, data: Htb | undefined): void {
  const name = `class ${SHAPED.handle} of "${link.name}"`;
  if (!data?.parms) throw checkFailed(`${name} is missing, in which the token bucket sits`);
  const wanted = htbClass(UNLIMITED);
  for (const [what, has, want] of [
    ["rate", data.rate64 ?? data.parms.rate.rate, wanted.rate64],
    ["ceil", data.ceil64 ?? data.parms.ceil.rate, wanted.ceil64],
  ] as const)
    if (BigInt(has) !== want)
      throw checkFailed(
        `${name} has a ${what} of ${8n * BigInt(has)} bits per second: it limits beside the token bucket`,
      );
}

/** Ticks by which kernels and the reference, which counts in whole microseconds, may differ. */
const SLACK_TICKS = 32;
/** The kernel says the length of a bucket in 32 bits, cut. */
const TICKS = 2 ** 32;

function checkBucket(link: Link, found: Qdisc | undefined, limit: Rate): void {
  const data = found?.attrs.kind === "tbf" ? found.attrs.data : undefined;
  const has = data?.parms;
  if (!has)
    throw checkFailed(`"${link.name}" has no token bucket${found ? `, but qdisc ${found.kind} ${found.handle}` : ""}`);
  const rate = Number(data.rate64 ?? has.rate.rate);
  if (rate !== limit.rateBytesPerSec)
    throw checkFailed(`"${link.name}" is limited to ${8 * rate} bits per second, not ${8 * limit.rateBytesPerSec}`);
  const wanted = bucketOf(limit).data;
  if (has.limit !== wanted.parms?.limit)
    throw checkFailed(`"${link.name}" holds ${has.limit} bytes back, not ${wanted.parms?.limit}`);
  const ticks = Math.trunc((limit.burstBytes * 1e9) / limit.rateBytesPerSec / 64) % TICKS;
  const apart = Math.abs(ticks - has.buffer);
  if (Math.min(apart, TICKS - apart) > SLACK_TICKS)
    throw checkFailed(`"${link.name}" has a token bucket of another size than ${8 * limit.burstBytes} bits`);
}

async function checkFilters(kernel: Kernel, link: Link, limit: Limit, subnets: Subnets): Promise<void> {
  const key = (protocol: number, data: unknown): string => JSON.stringify([protocol, data]);
  const there = new Set<string>();
  const wanted = new Map(
    subnets.list.flatMap((subnet) =>
      filtersOf(limit, { ...subnets, list: [subnet] }).map(
        ({ protocol, data }) => [key(protocol, [data.classId, data.selector?.keys]), subnet] as const,
      ),
    ),
  );
  for (const filter of (await kernel.tc.listFilters(link.index, "1:")).filter(isInUse)) {
    const { classId, selector } = (filter.attrs.kind === "u32" && filter.attrs.data) || {};
    const keys = selector?.keys.map(({ mask, value, off }) => ({ mask, value, off }));
    const name = key(filter.protocol, [classId, keys]);
    // The tree is ours alone: what else decides in it leads packets past the limit, or into it.
    if (!wanted.has(name))
      throw checkFailed(`"${link.name}" has ${textOf(filter)} beside those that tell subnets apart`, REMOVE);
    there.add(name);
  }
  for (const [name, subnet] of wanted)
    if (!there.has(name)) throw checkFailed(`"${link.name}" does not tell subnet ${formatCidr(subnet)} apart`);
}

const textOf = ({ kind, priority }: Filter): string => `another filter (${kind}, priority ${priority})`;
const REMOVE =
  'remove it ("tc filter show dev LINK ingress" and "… parent 1:" list them), or DEL the attachment and ADD it again';

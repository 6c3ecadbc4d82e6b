import { expect } from "bun:test";
import type { JsonObject } from "../../src/cni/types.ts";
import { connect, makeNetns, makeSandbox, type Netns } from "../support/netns.ts";
import { lacksCommand, testUnless } from "../support/skip.ts";
import { diff, snapshot } from "../support/snapshot.ts";
import { lacksTsnet, type Workplace, workplace } from "../tsnet/tsnet.ts";

export const lack = lacksTsnet ?? lacksCommand("bridge", "nft");

/** What `tsnet doctor --json` says, shortened to names. */
export interface Said {
  readonly code: number;
  readonly faults: readonly SaidFault[];
  readonly cannot_tell: readonly { readonly sentence: string; readonly evidence: readonly string[] }[];
  readonly fixed: readonly { readonly fault: string; readonly problem?: string }[];
  readonly attachments: number;
}

interface SaidFault {
  readonly fault: string;
  readonly sentence: string;
  readonly evidence: readonly string[];
  readonly remedy: string;
  readonly consequences: readonly SaidFault[];
}

export interface Lab extends AsyncDisposable {
  readonly host: Netns;
  /** On the host's LAN, its default gateway. */
  readonly neighbour: Netns;
  readonly w: Workplace;
  /** Attaches a new container of this ID. */
  add(network: string, id: string, more?: { netns?: Netns; ifName?: string; ports?: JsonObject[] }): Promise<Netns>;
  doctor(...args: string[]): Promise<Said>;
  /** Nothing but these, each once. */
  expectFaults(...faults: string[]): Promise<Said>;
  /** Name of the host's end of a container's pair. */
  hostEnd(id: string, network?: string, ifName?: string): Promise<string>;
}

export const SUBNET4 = "10.38.0.0/24";
export const SUBNET6 = "fd38::/64";

/** The list of network `web`. */
export const webList = (w: Pick<Workplace, "leases">, more: JsonObject = {}): JsonObject[] => [
  {
    type: "bridge",
    bridge: "br0",
    isDefaultGateway: true,
    ipMasq: true,
    ipam: { type: "host-local", dataDir: w.leases, ranges: [[{ subnet: SUBNET4 }], [{ subnet: SUBNET6 }]] },
    ...more,
  },
  { type: "portmap", capabilities: { portMappings: true } },
];

/** A host with a way out and an empty configuration. */
export async function makeLab(): Promise<Lab> {
  const cleanup = new AsyncDisposableStack();
  try {
    const host = cleanup.use(await makeNetns());
    const neighbour = cleanup.use(await makeNetns());
    await connect(host, "lan0", ["192.0.2.1/24", "2001:db8:1::1/64"], neighbour, "eth0", [
      "192.0.2.2/24",
      "2001:db8:1::2/64",
    ]);
    await host.exec("ip", "route", "add", "default", "via", "192.0.2.2");
    await host.exec("ip", "-6", "route", "add", "default", "via", "2001:db8:1::2");
    const w = cleanup.use(await workplace(host));
    const where = ["--data-dir", w.leases, "--conf-dir", w.confDir, "--cache-dir", w.cacheDir];
    const doctor = async (...args: string[]): Promise<Said> => {
      const ran = await w.tsnet(["doctor", "--json", ...args, ...where]);
      if (ran.stderr !== "" || (ran.code !== 0 && ran.code !== 1))
        throw new Error(`tsnet doctor: exit ${ran.code}\n${ran.stderr}${ran.stdout}`);
      return { code: ran.code, ...JSON.parse(ran.stdout) };
    };
    return {
      host,
      neighbour,
      w,
      doctor,
      async add(network, id, { netns, ifName = "eth0", ports } = {}) {
        const sandbox = netns ?? cleanup.use(await makeSandbox());
        if (!netns) await sandbox.exec("ip", "link", "set", "lo", "up");
        const args = ["--container-id", id, "--ifname", ifName];
        if (ports) args.push("--cap-args", JSON.stringify({ portMappings: ports }));
        await w.must("cni", "add", network, sandbox.path, ...args);
        return sandbox;
      },
      async expectFaults(...faults) {
        const said = await doctor();
        const shown = said.faults.map(({ fault }) => fault);
        if (shown.join() !== faults.join()) console.log(JSON.stringify(said, undefined, 1));
        expect({ shown, unclear: said.cannot_tell }).toEqual({ shown: faults, unclear: [] });
        expect(said.code).toBe(faults.length > 0 ? 1 : 0);
        return said;
      },
      async hostEnd(id, network = "web", ifName = "eth0") {
        const links = JSON.parse(await host.exec("ip", "-j", "link")) as { ifname: string; ifalias?: string }[];
        const found = links.find(({ ifalias }) => ifalias?.endsWith(` ${network} ${id} ${ifName}`));
        if (!found) throw new Error(`no host end of ${network} ${id} ${ifName}`);
        return found.ifname;
      },
      [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
    };
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}

/** Two containers on network `web`, healthy. */
export interface WebLab extends Lab {
  readonly c1: Netns;
  readonly c2: Netns;
}

export async function makeWebLab(more: JsonObject = {}, ports?: JsonObject[]): Promise<WebLab> {
  const lab = await makeLab();
  try {
    await lab.w.network("web", webList(lab.w, more));
    const c1 = await lab.add("web", "c1", ports && { ports });
    const c2 = await lab.add("web", "c2");
    return { ...lab, c1, c2, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() };
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw error;
  }
}

/** Host and container are the same before and after; what the kernel does by itself after a plant has come to its end by then. */
async function changingNothing<T>({ host, c1, w }: WebLab, look: () => Promise<T>): Promise<T> {
  const seen = async () => [await snapshot(host, { folders: [w.folder] }), await snapshot(c1)] as const;
  const changes = (before: Awaited<ReturnType<typeof seen>>, after: typeof before): string[] => [
    ...diff(before[0], after[0]),
    ...diff(before[1], after[1]),
  ];
  let before = await seen();
  for (let tries = 0; tries < 20; tries++) {
    const now = await seen();
    const isStill = changes(before, now).length === 0;
    before = now;
    if (isStill) break;
    await Bun.sleep(100);
  }
  const result = await look();
  expect(changes(before, await seen())).toEqual([]);
  return result;
}

/** A fault is planted on a healthy network, and nothing but that is named; looking changes nothing. */
export function plants(
  name: string,
  fault: string,
  plant: (lab: WebLab) => Promise<void>,
  more: {
    also?: (said: Said, lab: WebLab) => void | Promise<void>;
    ports?: JsonObject[];
    healthyAfterFix?: boolean;
  } = {},
): void {
  testUnless(lack, `doctor names ${fault}: ${name}`, async () => {
    await using lab = await makeWebLab({}, more.ports);
    await lab.expectFaults();
    await plant(lab);
    const said = await changingNothing(lab, () => lab.expectFaults(fault));
    await more.also?.(said, lab);
    if (more.healthyAfterFix) {
      const fixed = await lab.doctor("--fix");
      expect(fixed.fixed.every(({ problem }) => problem === undefined)).toBe(true);
      await lab.expectFaults();
    }
  });
}

import { expect } from "bun:test";
import { testUnless } from "../support/skip.ts";
import { ping, serveAll, tcpEcho, udpEcho } from "../support/traffic.ts";
import { lack, makeOverlayLab, type OverlayLab, type Pod } from "./lab.ts";

/** Three hosts on one wire, two containers on each: who reaches whom, and as whom. */

const INSIDE = { 4: 1450, 6: 1430 } as const;

async function attachAll(lab: OverlayLab): Promise<Pod[]> {
  const pods: Pod[] = [];
  for (const host of lab.hosts) for (const id of ["one", "two"]) pods.push(await host.attach(`${host.name}-${id}`));
  return pods;
}

/** One packet of exactly that many bytes that may not be cut to pieces. */
async function pingWhole({ sandbox }: Pod, address: string, bytes: number): Promise<boolean> {
  const headers = address.includes(":") ? 48 : 28;
  const { code } = await sandbox.run(["ping", "-c1", "-W2", "-Mdo", `-s${bytes - headers}`, address]);
  return code === 0;
}

for (const underlay of [4, 6] as const)
  testUnless(
    lack,
    `over IPv${underlay}: every container reaches every other as itself, and the outside as its host`,
    async () => {
      await using lab = await makeOverlayLab({ underlay });
      const pods = await attachAll(lab);
      await using servers = new AsyncDisposableStack();
      for (const { sandbox } of pods) servers.use(await serveAll(sandbox, 7000));
      servers.use(await serveAll(lab.outside, 7001));
      expect(new Set(pods.flatMap(({ v4, v6 }) => [v4, v6])).size).toBe(12);
      // Hosts that came later were not there when the first container was attached.
      for (const host of lab.hosts) await host.sync();

      await Promise.all(
        pods.map(async (from) => {
          for (const to of pods) {
            if (to === from) continue;
            for (const [own, address] of [
              [from.v4, to.v4],
              [from.v6, to.v6],
            ] as const) {
              expect(await ping(from.sandbox, address)).toBe(true);
              expect((await tcpEcho(from.sandbox, address, 7000)).address).toBe(own);
              expect((await udpEcho(from.sandbox, address, 7000)).address).toBe(own);
            }
          }
          const mtu = INSIDE[underlay];
          const far = pods.find(({ host }) => host !== from.host) as Pod;
          for (const address of [far.v4, far.v6]) {
            expect(await pingWhole(from, address, mtu)).toBe(true);
            expect(await pingWhole(from, address, mtu + 1)).toBe(false);
          }
          const [out4, out6] = lab.outsideAddresses;
          expect((await tcpEcho(from.sandbox, out4, 7001)).address).toBe(`192.0.2.${from.host.number}`);
          expect((await tcpEcho(from.sandbox, out6, 7001)).address).toBe(`2001:db8:18::${from.host.number}`);
        }),
      );
      // The hosts themselves reach containers elsewhere, under their address in the overlay.
      const [first] = lab.hosts;
      const last = pods.at(-1) as Pod;
      if (first) expect((await tcpEcho(first.place, last.v4, 7000)).address).toBe("10.244.1.0");
      for (const { host, at } of pods) await host.chain.check(at);
    },
    60_000,
  );

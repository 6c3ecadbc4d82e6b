/**
 * An overlay by the plugin vxlan beside the same one made by hand with iproute2: TCP between containers of two hosts (iperf3,
 * one stream), in rounds of A B B A, and what programming 500 peers takes. Needs root, iperf3.
 * Usage: overlay.ts [ROUNDS] [SECONDS]
 */
import { attributesOf, scriptOf } from "../netns-tests/overlay/by-hand.ts";
import { DEVICE, makeOverlayLab, type OverlayHost, tellOf, VNI } from "../netns-tests/overlay/lab.ts";
import { makeSandbox, type Netns } from "../netns-tests/support/netns.ts";
import { isolate, median, shown, table } from "./support/side-by-side.ts";

const [ROUNDS = 15, SECONDS = 1] = process.argv.slice(2).map(Number);
const PEERS = 500;

/** A container of a host, on a bridge as the plugin makes it, by hand. */
async function containerByHand(host: OverlayHost): Promise<Netns> {
  const pod = await makeSandbox();
  const { number: n, place } = host;
  const name = pod.name;
  await place.exec(
    "sh",
    "-ec",
    `ip link add br-ov${VNI} mtu 1450 type bridge
     ip addr add 10.244.${n}.1/24 dev br-ov${VNI}
     ip link set br-ov${VNI} up
     sysctl -qw net.ipv4.ip_forward=1
     ip link add port0 mtu 1450 type veth peer name eth0 mtu 1450 netns ${name}
     ip link set port0 master br-ov${VNI} up`,
  );
  await pod.exec(
    "sh",
    "-ec",
    `ip addr add 10.244.${n}.2/24 dev eth0; ip link set lo up; ip link set eth0 up; ip route add default via 10.244.${n}.1`,
  );
  return pod;
}

async function overlayByHand(hosts: readonly OverlayHost[]): Promise<void> {
  const macOf = ({ number }: OverlayHost): string => `02:00:00:00:00:0${number}`;
  for (const host of hosts)
    await host.place.exec(
      "sh",
      "-ec",
      scriptOf({
        device: DEVICE,
        vni: VNI,
        local: host.address,
        mac: macOf(host),
        mtu: 1450,
        inner: [`10.244.${host.number}.0/32`],
        peers: hosts
          .filter((other) => other !== host)
          .map((other) => ({
            address: other.address,
            mac: macOf(other),
            subnets: [`10.244.${other.number}.0/24`],
          })),
      }),
    );
}

/** Gbit/s that arrived. */
async function throughput(from: Netns, to: string): Promise<number> {
  const { stdout, code, stderr } = await from.run(["iperf3", "-J", "-t", String(SECONDS), "-c", to], {
    timeoutMs: 1000 * SECONDS + 20_000,
  });
  if (code !== 0) throw new Error(`iperf3 to ${to}: ${stderr}${stdout}`);
  const { end } = JSON.parse(stdout) as { end: { sum_received: { bits_per_second: number } } };
  return end.sum_received.bits_per_second / 1e9;
}

async function serve(place: Netns): Promise<AsyncDisposable> {
  const child = Bun.spawn([...place.enter, "iperf3", "-s"], { stdio: ["ignore", "ignore", "ignore"] });
  await Bun.sleep(300);
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

async function measureThroughput(): Promise<void> {
  await using lab = await makeOverlayLab({ underlay: 4, hosts: 4, keys: { ipMasq: false } });
  const [one, two, three, four] = lab.hosts;
  if (!one || !two || !three || !four) throw new Error("no hosts");
  const [a, b] = [await one.attach("a"), await two.attach("b")];
  await using c = await containerByHand(three);
  await using d = await containerByHand(four);
  await overlayByHand([three, four]);
  await using _b = await serve(b.sandbox);
  await using _d = await serve(d);
  const sides = [
    { name: "vxlan", from: a.sandbox, to: b.v4, gbits: [] as number[] },
    { name: "by hand", from: c, to: "10.244.4.2", gbits: [] as number[] },
  ];
  for (const { from, to } of sides) await throughput(from, to);
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // A B B A, then B A A B: what the machine does meanwhile happens to both.
    const order = round % 2 ? sides.toReversed() : sides;
    const of = new Map(order.map((side) => [side, 0]));
    for (const side of [...order, ...order.toReversed()])
      of.set(side, (of.get(side) ?? 0) + (await throughput(side.from, side.to)) / 2);
    for (const side of sides) side.gbits.push(of.get(side) ?? 0);
    ratios.push((sides[0]?.gbits[round] ?? 0) / (sides[1]?.gbits[round] ?? 1));
  }
  const [ours = [], hand = []] = sides.map(({ gbits }) => gbits);
  const range = (values: readonly number[]): string =>
    `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`;
  console.log(
    `TCP between containers of two hosts, Gbit/s, median (range) of ${ROUNDS} rounds of twice ${SECONDS} s each`,
  );
  table(
    ["", "vxlan", "by hand", "ratio of medians", "median of ratios"],
    [["one stream", range(ours), range(hand), (median(ours) / median(hand)).toFixed(3), median(ratios).toFixed(3)]],
  );
  const offloads = async (host: OverlayHost) => (await attributesOf(host.place, DEVICE))["offloads"];
  if (JSON.stringify(await offloads(one)) !== JSON.stringify(await offloads(three))) throw new Error("offloads differ");
}

async function measureSync(): Promise<void> {
  await using lab = await makeOverlayLab({ underlay: 4, hosts: 1 });
  const one = lab.host(1);
  for (let i = 0; i < PEERS; i++)
    await tellOf(one.peersDir, `many${i}`, {
      address: `198.51.${100 + (i >> 8)}.${i & 255}`,
      subnets: [`10.${100 + (i >> 8)}.${i & 255}.0/24`, `fd01:${i.toString(16)}::/64`],
    });
  const [first, again]: [number[], number[]] = [[], []];
  const timed = async (into: number[]): Promise<void> => {
    const start = performance.now();
    await one.sync();
    into.push(performance.now() - start);
  };
  for (let i = 0; i < ROUNDS; i++) {
    await one.place.run(["ip", "link", "del", DEVICE]);
    await timed(first);
    await timed(again);
  }
  console.log(`tsnet overlay sync with ${PEERS} peers, v4 and v6 inside, ms of the whole command, median (minimum)`);
  table(["everything missing", "nothing to change"], [[shown(first), shown(again)]]);
}

isolate();
await measureThroughput();
await measureSync();

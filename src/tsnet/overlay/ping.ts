import type { Command } from "commander";
import { encodeJson } from "../../cni/json.ts";
import { formatIp } from "../../ip/index.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { type OverlayPlan, planOverlay } from "../../plugin/overlay/plan.ts";
import { Unsuccessful } from "../report.ts";
import type { Surroundings } from "../surroundings.ts";
import { count, indented, printable, table } from "../text.ts";
import { UsageError } from "../usage-error.ts";
import { forEachOverlay, type OverlayOptions, overlayWord } from "./overlays.ts";
import { type Reach, reachOf } from "./reach.ts";

const DEFAULT_TIMEOUT_MS = 500;
/** Threads that wait. */
const AT_ONCE = 32;

const HELP = `
Asks each peer's VTEP through the tunnel: one small ICMP echo request, and one of the overlay's full size that may not be
cut to pieces. MTU is the largest that was answered. The exit status is 1 when somebody does not answer, or not at full
size: then containers lose large packets without a word. What the kernel has to have for it: tsnet overlay show.`;

interface PingOptions extends OverlayOptions {
  readonly timeout: string;
}

export function pingCommand(s: Surroundings): Command {
  return overlayWord("ping", "does each peer's VTEP answer, and with what MTU", [
    "tsnet overlay ping",
    "tsnet overlay ping blue --timeout 2000",
  ])
    .option("--timeout <ms>", "how long to wait for each answer", String(DEFAULT_TIMEOUT_MS))
    .addHelpText("after", HELP)
    .action(async (name: string | undefined, options: PingOptions) => {
      const timeoutMs = Number(options.timeout);
      if (!/^\d+$/.test(options.timeout) || timeoutMs < 1 || timeoutMs > 60_000)
        throw new UsageError(`"${options.timeout}" is no time to wait`, "milliseconds, 1 to 60000");
      let whole = true;
      await forEachOverlay(s, name, options, async ({ sources, conf }) => {
        const plan = await planOverlay(sources, conf);
        const reached = await askAll(sources.host, plan, timeoutMs);
        whole &&= reached.every(({ mtu, wanted }) => mtu === wanted);
        s.out(options.json ? `${encodeJson(pingJson(plan, reached))}\n` : pingText(plan, reached));
      });
      if (!whole) throw new Unsuccessful();
    });
}

/** A few at a time; in the order of the peers. */
async function askAll(host: Kernel, plan: OverlayPlan, timeoutMs: number): Promise<Reach[]> {
  const reached: Reach[] = [];
  const queue = plan.remotes.entries();
  const worker = async (): Promise<void> => {
    for (const [i, remote] of queue)
      reached[i] = await reachOf(host, remote, Math.min(plan.mtu, remote.mtu ?? plan.mtu), timeoutMs);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return reached;
}

const pingJson = (plan: OverlayPlan, reached: readonly Reach[]) => ({
  network: plan.network,
  mtu: plan.mtu,
  peers: reached.map(({ remote, vtep, ms, mtu, why }) => ({
    address: formatIp(remote.address),
    vtep,
    answers: ms !== undefined,
    ms,
    mtu,
    why,
  })),
});

function pingText(plan: OverlayPlan, reached: readonly Reach[]): string {
  const rows = reached.map(({ remote, vtep, ms, mtu, wanted, why }) => [
    formatIp(remote.address),
    vtep,
    ms === undefined ? `no answer: ${why}` : `${ms.toFixed(2)} ms`,
    mtu === undefined ? "-" : mtu === wanted ? `${mtu}` : `${mtu}, and ${wanted} is what containers use`,
  ]);
  const answering = reached.filter(({ ms }) => ms !== undefined).length;
  const lines = table(
    ["PEER", "VTEP", "ANSWER", "MTU"],
    rows.map((row) => row.map(printable)),
  );
  return `${printable(`network ${plan.network}`)}: ${answering} of ${count(reached.length, "peer")} answer\n${indented(lines)}`;
}

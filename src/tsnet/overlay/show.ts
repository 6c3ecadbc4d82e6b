import type { Command } from "commander";
import { encodeJson } from "../../cni/json.ts";
import { formatCidr, formatIp } from "../../ip/index.ts";
import { lookAtOverlay, type OverlayView } from "../../plugin/overlay/look.ts";
import { type OverlayPlan, planOverlay } from "../../plugin/overlay/plan.ts";
import { Unsuccessful } from "../report.ts";
import type { Surroundings } from "../surroundings.ts";
import { count, indented, printable, table } from "../text.ts";
import { forEachOverlay, type OverlayOptions, overlayWord } from "./overlays.ts";

export function showCommand(s: Surroundings): Command {
  return overlayWord("show", "this host's VTEP, every peer, and whether kernel and config agree", [
    "tsnet overlay show",
    "tsnet overlay show blue --json",
  ])
    .addHelpText("after", "\nThe exit status is 1 when they do not agree, or when a peer cannot be used.")
    .action(async (name: string | undefined, options: OverlayOptions) => {
      let whole = true;
      await forEachOverlay(s, name, options, async ({ sources, conf }) => {
        const plan = await planOverlay(sources, conf);
        const view = await lookAtOverlay(sources.host, plan);
        whole &&= differences(view).length === 0 && plan.problems.length === 0;
        s.out(options.json ? `${encodeJson(viewJson(plan, view))}\n` : viewText(plan, view));
      });
      if (!whole) throw new Unsuccessful();
    });
}

/** All that `tsnet overlay sync` would change. */
const differences = ({ deviceDifferences, changes }: OverlayView): string[] => [
  ...deviceDifferences,
  ...changes.map(({ text }) => text),
];

interface PeerView {
  readonly address: string;
  readonly mac: string;
  readonly subnets: string[];
  readonly way: "direct" | "vxlan";
  readonly from: string;
  /** What of it is missing or otherwise in the kernel. */
  readonly differences: string[];
}

const peersOf = ({ remotes, changes }: OverlayView): PeerView[] =>
  remotes.map((entries) => ({
    address: formatIp(entries.remote.address),
    mac: entries.remote.mac,
    subnets: entries.remote.subnets.map(formatCidr),
    way: entries.direct ? "direct" : "vxlan",
    from: entries.remote.from,
    differences: changes.filter(({ wanted }) => wanted === entries).map(({ text }) => text),
  }));

const surplusOf = ({ changes }: OverlayView): string[] =>
  changes.filter(({ wanted }) => wanted === undefined).map(({ text }) => text);

const viewJson = (plan: OverlayPlan, view: OverlayView) => ({
  network: plan.network,
  device: plan.device,
  vni: plan.vni,
  port: plan.port,
  mac: plan.mac,
  mtu: plan.mtu,
  dev: plan.underlay.link.name,
  local: formatIp(plan.underlay.local),
  subnets: plan.subnets.map(formatCidr),
  agrees: differences(view).length === 0,
  deviceDifferences: [...view.deviceDifferences],
  peers: peersOf(view),
  surplus: surplusOf(view),
  problems: [...plan.problems],
});

function viewText(plan: OverlayPlan, view: OverlayView): string {
  const { underlay } = plan;
  const head = [
    `network ${plan.network}: ${plan.device}, VNI ${plan.vni}, UDP port ${plan.port}, MTU ${plan.mtu}`,
    `this host: ${formatIp(underlay.local)} on ${underlay.link.name}, MAC ${plan.mac}, ${plan.subnets.map(formatCidr).join(" ")}`,
  ];
  const rows = peersOf(view).map(({ address, mac, subnets, way, differences: own }) => [
    address,
    mac,
    subnets.join(" "),
    way,
    own.length === 0 ? "ok" : own.join(", "),
  ]);
  const wrong = differences(view).length;
  const facts = [
    ...view.deviceDifferences.map((text) => `${plan.device}: ${text}`),
    ...surplusOf(view).map((text) => `of nobody: ${text.slice(2)}`),
    ...plan.problems.map(({ from, message }) => `not used: ${from}: ${message}`),
    wrong === 0
      ? "kernel and config agree"
      : `kernel and config differ in ${count(wrong, "place")}: tsnet overlay sync makes them agree`,
  ];
  const peers = table(["PEER", "MAC", "SUBNETS", "WAY", "KERNEL"], rows);
  return `${[...head, ""].map(printable).join("\n")}${indented(peers)}${indented(facts.map(printable).join("\n"))}`;
}

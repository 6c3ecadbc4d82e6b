import type { Command } from "commander";
import { encodeJson } from "../../cni/json.ts";
import { formatIp } from "../../ip/index.ts";
import { withHost } from "../kernel.ts";
import type { Surroundings } from "../surroundings.ts";
import { printable, table } from "../text.ts";
import { word } from "../word.ts";
import { probePorts } from "./probe.ts";
import { type PublishedPort, publishedPorts } from "./published.ts";

export function lsCommand(s: Surroundings): Command {
  return word("ls", "the published ports, where each leads and whose it is", [
    "tsnet ports ls",
    "tsnet ports ls --probe",
    "tsnet ports ls --json",
  ])
    .option("--probe", "also connect to each TCP port, and say whether it answers")
    .option("--json", "as JSON on stdout")
    .addHelpText(
      "after",
      "\nLINK is the holder's link on the host. Without one the holder is gone, or another main plugin made its interface.",
    )
    .action(async ({ json = false, probe = false }: { json?: boolean; probe?: boolean }) => {
      const { ports, probed } = await withHost(s, async (host) => {
        const found = await publishedPorts(host);
        return { ports: found, probed: probe ? await probePorts(host, found) : [] };
      });
      const answers = (i: number) => (probe ? { answers: probed[i]?.answers ?? null, answer: probed[i]?.text } : {});
      if (json) s.out(`${encodeJson(ports.map((port, i) => ({ ...portJson(port), ...answers(i) })))}\n`);
      else if (ports.length === 0) s.err("no published ports\n");
      else {
        const rows = ports.map((port, i) => [...row(port), ...(probe ? [probed[i]?.text ?? ""] : [])]);
        s.out(table([...HEADING, ...(probe ? ["ANSWER"] : [])], rows, s.terminal));
      }
    });
}

const HEADING = ["HOST PORT", "CONTAINER", "NETWORK, CONTAINER, INTERFACE", "LINK"];

export const portJson = ({ record, link, ofEarlierBoot, owner }: PublishedPort) => ({
  protocol: record.protocol,
  family: record.family,
  hostAddress: record.hostAddress && formatIp(record.hostAddress),
  hostPort: record.hostPort,
  containerAddress: formatIp(record.target),
  containerPort: record.targetPort,
  owner,
  attachment: record.owner?.attachment,
  link,
  ofEarlierBoot,
});

const row = ({ host, container, owner, link, ofEarlierBoot }: PublishedPort): string[] => [
  host,
  container,
  printable(owner),
  link ?? (ofEarlierBoot ? "- (of an earlier boot)" : "-"),
];

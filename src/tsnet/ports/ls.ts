import type { Command } from "commander";
import { encodeJson } from "../../cni/json.ts";
import { formatIp } from "../../ip/index.ts";
import { withHost } from "../kernel.ts";
import type { Surroundings } from "../surroundings.ts";
import { printable, table } from "../text.ts";
import { word } from "../word.ts";
import { type PublishedPort, publishedPorts } from "./published.ts";

export function lsCommand(s: Surroundings): Command {
  return word("ls", "the published ports, where each leads and whose it is", [
    "tsnet ports ls",
    "tsnet ports ls --json",
  ])
    .option("--json", "as JSON on stdout")
    .addHelpText(
      "after",
      "\nLINK is the holder's link on the host. Without one the holder is gone, or another main plugin made its interface.",
    )
    .action(async ({ json = false }: { json?: boolean }) => {
      const ports = await withHost(s, publishedPorts);
      if (json) s.out(`${encodeJson(ports.map(portJson))}\n`);
      else if (ports.length === 0) s.err("no published ports\n");
      else s.out(table(["HOST PORT", "CONTAINER", "NETWORK, CONTAINER, INTERFACE", "LINK"], ports.map(row)));
    });
}

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

import type { Command } from "commander";
import { forgetFlowsTo } from "../../../plugins/portmap/flows.ts";
import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { encodeJson } from "../../cni/json.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { hostEnd } from "../../plugin/nat/port-keys.ts";
import { release } from "../../plugin/nat/unpublish.ts";
import { withHost } from "../kernel.ts";
import type { Surroundings } from "../surroundings.ts";
import { printable } from "../text.ts";
import { word } from "../word.ts";
import { matches, parseHostPort, type WantedPort } from "./host-port.ts";
import { portJson } from "./ls.ts";
import { type PublishedPort, publishedPorts } from "./published.ts";

interface ReleaseOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function releaseCommand(s: Surroundings): Command {
  return word("release", "free a published port whoever holds it", [
    "tsnet ports release tcp 8080",
    "tsnet ports release udp 127.0.0.1:5353",
  ])
    .argument("<protocol>", "tcp, udp or sctp")
    .argument("<port>", "of this host; with an address (0.0.0.0:8080, [::]:8080) only the entry for that")
    .option("--dry-run", "say what would be freed, and do nothing")
    .option("--json", "what was freed, or why not, as JSON on stdout")
    .addHelpText(
      "after",
      "\nFor a holder that is gone without DEL. One that still runs is not reached any more: tsnet repair gives it its port back" +
        "\nunless somebody else has taken it meanwhile.",
    )
    .action(async (protocol: string, place: string, options: ReleaseOptions) => {
      const wanted = parseHostPort(protocol, place);
      const freed = await withHost(s, (host) => free(host, wanted, options.dryRun ?? false));
      if (options.json) s.out(`${encodeJson(freed.map(portJson))}\n`);
      else s.out(freed.map((port) => freedLine(port, options.dryRun ?? false)).join(""));
    });
}

async function free(host: Kernel, wanted: WantedPort, dryRun: boolean): Promise<PublishedPort[]> {
  const found = (await publishedPorts(host)).filter(({ record }) => matches(wanted, record));
  if (found.length === 0)
    throw new CniError(
      CNI_CODE.OPERATION_FAILED,
      `port ${wanted.port} of protocol ${wanted.protocol} is not published${wanted.address ? " on that address" : ""}`,
      "tsnet ports ls shows what is; a process that listens on the host itself is none of it",
    );
  if (dryRun) return found;
  const gone = await release(
    host,
    found.map(({ record }) => record),
  );
  await forgetFlowsTo(host, gone);
  const names = new Set(gone.map(hostEnd));
  return found.filter((port) => names.has(port.host));
}

const freedLine = ({ host, container, owner, link }: PublishedPort, dryRun: boolean): string =>
  `${host} ${dryRun ? "would be" : "is"} free; it led to ${container} of ${printable(owner || "nobody known")}` +
  `${link === undefined ? "" : `, which still stands (${link})`}\n`;

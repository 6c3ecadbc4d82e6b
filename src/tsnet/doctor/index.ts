import type { Command } from "commander";
import type { Kernel } from "../../kernel/kernel.ts";
import { cacheFolders } from "../caches.ts";
import { cniWord } from "../cni/options.ts";
import type { GcOptions } from "../gc/find.ts";
import { withHost } from "../kernel.ts";
import type { Host } from "../look/index.ts";
import { sayRemarks } from "../remarks.ts";
import { Unsuccessful } from "../report.ts";
import type { Surroundings } from "../surroundings.ts";
import { NS_HELP, targetOf } from "../target.ts";
import { UsageError } from "../usage-error.ts";
import { examine } from "./examine.ts";
import { about, arrange, type Finding, type Judgement } from "./finding.ts";
import { mend } from "./fix.ts";
import type { Picture } from "./picture.ts";
import { reportJson, reportText } from "./print.ts";
import { labelsOf } from "./probe/dns.ts";

interface Options extends GcOptions {
  readonly fix?: boolean;
  readonly probe?: boolean;
  readonly name?: string;
}

const HELP = `
Compares what runtimes remember of their containers with what is there, and evaluates the host's nftables rules (those of
iptables-nft too) for the containers' packets. It says each fault in a sentence, with what was seen and what to do; what
only follows from another fault stands beneath it. Rules that it cannot evaluate it names ("cannot tell") and does not guess.
Run it where the containers' host ends are: it looks at the namespace it is called in, and from there into all others.
With --probe it also sends packets, from inside the containers: questions to their name servers, echo requests of full size to
gateways, name servers and overlay peers, ARP and neighbour questions for their own addresses.
No packet is sent without --probe, and nothing is changed without --fix. The exit status is 1 when there is a fault.`;

/** `tsnet doctor`: what is wrong with the networks of this host's containers. */
export function doctorCommand(s: Surroundings): Command {
  return cniWord("doctor", "say what is wrong with the containers' networks, and what to do", [
    "tsnet doctor",
    "tsnet doctor web",
    "tsnet doctor --fix",
    "tsnet doctor web --probe",
  ])
    .argument("[of]", `only what concerns a network, or a namespace by ${NS_HELP}`)
    .option("--data-dir <folder>", "where leases are, beside what configurations name")
    .option("--fix", "repair what is safe to repair: sysctls, links, bridge ports, what tsnet repair puts back")
    .option("--probe", "also send packets: do names resolve, do large packets arrive, who else has an address")
    .option("--name <name>", "with --probe: the name that name servers are asked for (default: the root)")
    .addHelpText("after", HELP)
    .action((of: string | undefined, options: Options) => {
      checkName(options);
      return withHost(s, (kernel) => run(s, kernel, of, options));
    });
}

async function run(s: Surroundings, kernel: Kernel, of: string | undefined, options: Options): Promise<void> {
  const { picture, census, remarks, ...judged } = await examine(s, kernel, options);
  const concerns = filterOf(s, picture, census.host, of);
  const probed = options.probe ? await sendProbes(s, kernel, picture, concerns, options) : NOTHING;
  const findings = [...judged.findings, ...probed.findings.filter((finding) => !isNamed(finding, judged.findings))];
  const doubts = [...judged.doubts, ...probed.doubts];
  const told = arrange(findings).filter((root) => concerns(root) || root.consequences.some(concerns));
  const all = told.flatMap(({ consequences, ...root }): Finding[] => [root, ...consequences]);
  const where = { host: census.host, kernel, caches: cacheFolders(s, options) };
  const mended = options.fix ? await mend(s, where, all) : [];
  sayRemarks(s, remarks);
  const report = { told, doubts: doubts.filter(concerns), mended, attachments: picture.attachments.length };
  s.out(options.json ? reportJson(report) : reportText(report, s));
  if (told.length > 0) throw new Unsuccessful();
}

const NOTHING: Judgement = { findings: [], doubts: [] };

/** Loaded when it is asked for. Of what the command line names no more than that is probed. */
async function sendProbes(
  s: Surroundings,
  host: Kernel,
  picture: Picture,
  concerns: (what: Pick<Finding, "scopes">) => boolean,
  options: Options,
): Promise<Judgement> {
  const attachments = picture.attachments.filter(({ cached }) => concerns({ scopes: [about.attachment(cached)] }));
  const { probe } = await import("./probe/index.ts");
  return probe({ s, host, picture, attachments, options, name: options.name });
}

/** An address that is seen twice is not told again because the other answers. */
const isNamed = ({ fault, scopes: [address] }: Finding, named: readonly Finding[]): boolean =>
  fault === "duplicate-address" && named.some((other) => other.fault === fault && other.scopes[0] === address);

function checkName({ name, probe }: Options): void {
  if (name === undefined) return;
  if (!probe)
    throw new UsageError("--name is for --probe, and that is not there", "tsnet doctor --probe --name example.com");
  if (!labelsOf(name))
    throw new UsageError(
      `"${name}" is no name that a server can be asked for`,
      "labels of 1 to 63 bytes with dots between",
    );
}

/** Whether something is about what the command line names; everything is when it names nothing. */
function filterOf(
  s: Surroundings,
  { attachments, networks }: Picture,
  host: Host,
  of: string | undefined,
): (what: Pick<Finding, "scopes">) => boolean {
  if (of === undefined) return () => true;
  const isNetwork =
    attachments.some(({ cached }) => cached.network === of) ||
    networks.some(({ network }) => "plugins" in network && network.name === of);
  const identity = isNetwork ? undefined : targetOf(s, host, of).identity;
  const meant = attachments.filter(({ cached, sandbox }) =>
    isNetwork ? cached.network === of : sandbox.namespace.identity === identity,
  );
  const scopes = new Set([
    ...meant.map(({ cached }) => about.attachment(cached)),
    ...(isNetwork ? [about.network(of)] : []),
  ]);
  return (what) => what.scopes.some((scope) => scopes.has(scope));
}

import type { Command } from "commander";
import { readFolder } from "../../../ipam/store/folder.ts";
import { layoutOf } from "../../../ipam/store/layout.ts";
import { leaseText, type Owner, parseOwner } from "../../../ipam/store/owner.ts";
import { withLeases } from "../../../ipam/store/session.ts";
import { readResult } from "../../cni/convert.ts";
import { CniError } from "../../cni/errors.ts";
import { formatIp, type Ip, parseCidr, sameIp } from "../../ip/index.ts";
import { cacheFolders } from "../caches.ts";
import { takeCensus } from "../census.ts";
import { absolutePath } from "../paths.ts";
import { Unsuccessful } from "../report.ts";
import type { Surroundings } from "../surroundings.ts";
import { count, jsonLine, printable } from "../text.ts";
import { UsageError } from "../usage-error.ts";
import { type Book, bookOf, type IpamOptions } from "./books.ts";
import { ipamWord } from "./word.ts";

interface ImportOptions extends IpamOptions {
  readonly from?: string;
  readonly yes?: boolean;
}

/** An address that should be leased to somebody. */
interface Wanted {
  readonly ip: Ip;
  readonly owner: Owner;
}

interface Imported extends Wanted {
  /** `taken`: another holds the address, and keeps it. */
  readonly state: "leased" | "missing" | "taken";
  readonly holder: string | undefined;
}

export function importCommand(s: Surroundings): Command {
  return ipamWord("import", "lease the addresses that running containers have; first only says which", [
    "tsnet ipam import web",
    "tsnet ipam import web --from /old/networks/web --yes",
  ])
    .argument("<network>", "a name of tsnet ipam ls")
    .option("--from <folder>", "leases of host-local in another folder, in place of running containers")
    .option("--yes", "write the leases")
    .addHelpText(
      "after",
      "\nFor a lost lease folder, or one that moved: attachments that runtimes remember and whose namespace stands get their\nleases back. An address that another holds is reported, and stays his (exit status 1).",
    )
    .action(async (network: string, options: ImportOptions) => {
      const book = bookOf(s, network, options);
      const wanted =
        options.from === undefined ? await running(s, book, options) : leasesIn(s, absolutePath(s, options.from));
      const all = options.yes ? await write(book, wanted) : wanted.map((each) => look(book, each));
      if (options.json) s.out(jsonLine({ dry_run: !options.yes, leases: all.map(importedJson) }));
      else s.out(importedText(all, options.yes ?? false));
      if (all.some(({ state }) => state === "taken")) throw new Unsuccessful();
    });
}

/** What the attachments whose namespace stands got of this network. */
async function running(s: Surroundings, book: Book, options: ImportOptions): Promise<Wanted[]> {
  const census = await takeCensus(s, ...cacheFolders(s, options));
  const found: Wanted[] = [];
  for (const cached of census.attachments) {
    if (cached.network !== book.network || cached.result === undefined || !census.isStanding(cached)) continue;
    try {
      for (const { address } of readResult(cached.result, "0.1.0", "cached result").ips ?? []) {
        const cidr = parseCidr(address);
        if (cidr && census.addresses.has(formatIp(cidr.ip)))
          found.push({ ip: cidr.ip, owner: { containerId: cached.containerId, ifName: cached.ifName } });
      }
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      s.err(`tsnet: ${printable(`${cached.network} ${cached.containerId}`)}: ${printable(error.message)}\n`);
    }
  }
  return found;
}

function leasesIn({ native }: Surroundings, folder: string): Wanted[] {
  const slash = folder.lastIndexOf("/");
  if (native.stat(folder, true)?.kind !== "directory")
    throw new UsageError(`"${folder}" is no folder`, "name the folder that has a file for each address");
  const layout = layoutOf(folder.slice(0, slash) || "/", folder.slice(slash + 1));
  return readFolder(native, layout).flatMap(({ ip, key }) => {
    const owner = key === undefined ? undefined : parseOwner(key);
    return owner === undefined ? [] : [{ ip, owner }];
  });
}

const judged = ({ ip, owner }: Wanted, holder: string | undefined): Imported => ({
  ip,
  owner,
  holder,
  state:
    holder === undefined ? "missing" : holder === leaseText(owner) || holder === owner.containerId ? "leased" : "taken",
});

function look(book: Book, wanted: Wanted): Imported {
  const lease = book.leases.find(({ ip }) => sameIp(ip, wanted.ip));
  return judged(wanted, lease && (lease.owner === undefined ? "?" : leaseText(lease.owner)));
}

/** Writes what is missing, all under one lock. */
async function write(book: Book, wanted: readonly Wanted[]): Promise<Imported[]> {
  return await withLeases(book.store, (session) =>
    wanted.map((each) => {
      const before = judged(each, session.holder(each.ip));
      if (before.state === "missing" && !session.place(each.ip, leaseText(each.owner)))
        return judged(each, session.holder(each.ip) ?? "?");
      return before;
    }),
  );
}

const importedJson = ({ ip, owner, state, holder }: Imported) => ({
  address: formatIp(ip),
  container_id: owner.containerId,
  ifname: owner.ifName,
  state,
  holder,
});

function importedText(all: readonly Imported[], done: boolean): string {
  const lines = all.flatMap(({ ip, owner, state, holder }) => {
    const who = printable([owner.containerId, owner.ifName].filter((w) => w !== undefined).join(" "));
    if (state === "missing") return [`${formatIp(ip)} ${done ? "is" : "would be"} leased to ${who}\n`];
    if (state === "taken")
      return [`${formatIp(ip)} of ${who} is leased to ${printable((holder ?? "").replaceAll("\r\n", " "))}\n`];
    return [];
  });
  const missing = all.filter(({ state }) => state === "missing").length;
  const end =
    missing === 0
      ? "no lease is missing\n"
      : `${count(missing, "lease")} ${done ? "written" : "missing: --yes writes them"}\n`;
  return lines.join("") + end;
}

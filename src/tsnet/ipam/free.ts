import type { Command } from "commander";
import { leaseText } from "../../../ipam/store/owner.ts";
import { withLeases } from "../../../ipam/store/session.ts";
import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { formatIp, parseIp, sameIp } from "../../ip/index.ts";
import { cacheFolders } from "../caches.ts";
import { takeCensus } from "../census.ts";
import type { Surroundings } from "../surroundings.ts";
import { count, jsonLine, printable } from "../text.ts";
import { UsageError } from "../usage-error.ts";
import { type Book, type BookLease, bookOf, type IpamOptions, readBooks } from "./books.ts";
import { leaseState } from "./ls.ts";
import { ipamWord } from "./word.ts";

export function releaseCommand(s: Surroundings): Command {
  return ipamWord("release", "free one address", ["tsnet ipam release web 10.89.7.2"])
    .argument("<network>", "a name of tsnet ipam ls")
    .argument("<address>", "an address of tsnet ipam show")
    .option("--force", "also when its holder is there, and will share it with the next")
    .option("--dry-run", "say what would be freed, and do nothing")
    .action(async (network: string, address: string, options: IpamOptions & { force?: boolean; dryRun?: boolean }) => {
      const ip = parseIp(address);
      if (!ip)
        throw new UsageError(`"${address}" is no IP address`, "form: 10.1.0.5 or fd00::5, without a prefix length");
      const book = bookOf(s, network, options);
      const lease = book.leases.find((each) => sameIp(each.ip, ip));
      if (!lease)
        throw new CniError(
          CNI_CODE.OPERATION_FAILED,
          `${address} is not leased by network "${network}"`,
          `tsnet ipam show ${network} lists what is`,
        );
      const census = await takeCensus(s, ...cacheFolders(s, options));
      const state = leaseState(census, network, lease);
      if (state === "in use" && !options.force)
        throw new CniError(
          CNI_CODE.OPERATION_FAILED,
          `${address} is in use by ${holderText(lease)}`,
          "detach it first (DEL); --force frees the address all the same",
        );
      if (!options.dryRun) await freeLease(book, lease);
      if (options.json) s.out(jsonLine({ freed: [freedJson(book, lease)], dry_run: options.dryRun ?? false }));
      else
        s.out(
          `${formatIp(ip)} ${options.dryRun ? "would be" : "is"} free; it was leased to ${printable(holderText(lease))}\n`,
        );
    });
}

export const holderText = ({ owner }: BookLease): string =>
  owner === undefined
    ? "nobody (the file is no lease)"
    : [owner.containerId, owner.ifName].filter((w) => w !== undefined).join(" ");

/** Address and holder. */
export const formatLease = (lease: BookLease): string => `${formatIp(lease.ip)} of ${holderText(lease)}`;

const freedJson = (book: Book, { ip, owner }: BookLease) => ({
  network: book.network,
  address: formatIp(ip),
  container_id: owner?.containerId,
  ifname: owner?.ifName,
});

/** Frees a lease if it is still its holder's; false when somebody else has it by now. */
export async function freeLease(book: Book, { ip, owner }: BookLease): Promise<boolean> {
  return await withLeases(book.store, (session) => {
    const holder = session.holder(ip);
    const expected = owner && leaseText(owner);
    if (owner !== undefined && holder !== expected) return false;
    session.drop(ip, holder ?? "");
    return true;
  });
}

export function gcCommand(s: Surroundings): Command {
  return ipamWord("gc", "free the leases whose holders are gone; first only says which", [
    "tsnet ipam gc web",
    "tsnet ipam gc --yes",
  ])
    .argument("[network]", "default: all")
    .option("--yes", "free them")
    .addHelpText(
      "after",
      "\nA lease's holder is gone when its namespace does not stand, no runtime has its container, and its address is on no link\nof any namespace, and it is older than a minute. Where that cannot be told, nothing is freed.",
    )
    .action(async (network: string | undefined, options: IpamOptions & { yes?: boolean }) => {
      const books = network === undefined ? readBooks(s, options) : [bookOf(s, network, options)];
      const census = await takeCensus(s, ...cacheFolders(s, options));
      if (census.blind !== undefined)
        throw new CniError(CNI_CODE.OPERATION_FAILED, `cannot tell who is gone: ${census.blind}`, "nothing was freed");
      const freed: { book: Book; lease: BookLease }[] = [];
      for (const book of books)
        for (const lease of book.leases)
          if (leaseState(census, book.network, lease) === "gone" && (!options.yes || (await freeLease(book, lease))))
            freed.push({ book, lease });
      if (options.json)
        s.out(jsonLine({ freed: freed.map(({ book, lease }) => freedJson(book, lease)), dry_run: !options.yes }));
      else {
        for (const { book, lease } of freed)
          s.out(`${printable(book.network)} ${formatIp(lease.ip)} of ${printable(holderText(lease))}\n`);
        const done = options.yes ? "freed" : "would be freed: --yes does it";
        s.out(freed.length === 0 ? "no lease is without its holder\n" : `${count(freed.length, "lease")} ${done}\n`);
      }
    });
}

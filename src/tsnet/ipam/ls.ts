import type { Command } from "commander";
import { formatIp } from "../../ip/index.ts";
import { cacheFolders } from "../caches.ts";
import { type Census, takeCensus } from "../census.ts";
import type { Surroundings } from "../surroundings.ts";
import { jsonLine, printable, table } from "../text.ts";
import { type Book, type BookLease, bookOf, type IpamOptions, readBooks } from "./books.ts";
import { percent, type Usage, usageOf } from "./usage.ts";
import { ipamWord } from "./word.ts";

export function lsCommand(s: Surroundings): Command {
  return ipamWord("ls", "networks, and how many addresses each has given out", ["tsnet ipam ls"]).action(
    (options: IpamOptions) => {
      const books = readBooks(s, options);
      if (options.json) s.out(jsonLine(books.map(bookJson)));
      else if (books.length === 0) s.err("no network with leases, or with a configuration that uses host-local\n");
      else s.out(table(["NETWORK", "LEASES", "RANGES", "FOLDER"], books.map(bookRow), s.terminal));
    },
  );
}

const bookJson = (book: Book) => ({
  network: book.network,
  folder: book.store.layout.leases,
  leases: book.leases.length,
  ranges: book.sets && usageOf(book).map(usageJson),
});

const bookRow = (book: Book): string[] =>
  [
    book.network,
    String(book.leases.length),
    book.sets === undefined
      ? "not configured"
      : usageOf(book)
          .map((usage) => usage.subnet)
          .join(" "),
    book.store.layout.leases,
  ].map(printable);

export function usageCommand(s: Surroundings): Command {
  return ipamWord("usage", "how full the ranges of a network are, or of all", [
    "tsnet ipam usage",
    "tsnet ipam usage web",
  ])
    .argument("[network]", "default: all")
    .action((network: string | undefined, options: IpamOptions) => {
      const books = network === undefined ? readBooks(s, options) : [bookOf(s, network, options)];
      if (options.json) {
        s.out(jsonLine(books.map((book) => ({ network: book.network, ranges: usageOf(book).map(usageJson) }))));
        return;
      }
      const rows = books.flatMap((book) =>
        usageOf(book).map((usage) => [
          book.network,
          usage.range,
          String(usage.used),
          String(usage.size - BigInt(usage.used)),
          percent(usage.used, usage.size),
        ]),
      );
      if (rows.length === 0) s.err("no network of the configuration has ranges of its own\n");
      else s.out(table(["NETWORK", "RANGE", "USED", "FREE", "FULL"], rows, s.terminal));
    });
}

const usageJson = ({ subnet, range, size, used }: Usage) => ({ subnet, range, size: String(size), used });

export function showCommand(s: Surroundings): Command {
  return ipamWord("show", "the leases of a network, and whose they are", ["tsnet ipam show web"])
    .argument("<network>", "a name of tsnet ipam ls")
    .addHelpText(
      "after",
      "\nHOLDER is in use when its namespace stands, the address is on some link, or a runtime has its container; gone when\nnothing of it is there: tsnet ipam gc frees such leases. Within a minute of its making it may just be coming.",
    )
    .action(async (network: string, options: IpamOptions) => {
      const book = bookOf(s, network, options);
      const census = await takeCensus(s, ...cacheFolders(s, options));
      const rows = book.leases.map((lease) => ({ lease, state: leaseState(census, book.network, lease) }));
      if (options.json) s.out(jsonLine(rows.map(({ lease, state }) => leaseJson(lease, state))));
      else if (rows.length === 0) s.err(`network "${printable(network)}" has no leases\n`);
      else
        s.out(
          table(
            ["ADDRESS", "CONTAINER", "INTERFACE", "HOLDER", "MADE BY"],
            rows.map(({ lease, state }) =>
              [
                formatIp(lease.ip),
                lease.owner?.containerId ?? "no lease: the file says something else",
                lease.owner?.ifName ?? "",
                state,
                lease.recorded ? "tsnet" : "another, or in an earlier boot",
              ].map(printable),
            ),
            s.terminal,
          ),
        );
    });
}

export type LeaseState = "in use" | "just made" | "gone" | "unknown";

/** Whether a lease's holder is there. `unknown` for what is no lease, or when not all can be seen. */
export function leaseState(census: Census, network: string, { ip, owner, fresh }: BookLease): LeaseState {
  if (owner === undefined) return "unknown";
  if (census.addresses.has(formatIp(ip)) || census.containers.has(owner.containerId)) return "in use";
  const remembered = census.attachments.filter(
    (a) => a.network === network && a.containerId === owner.containerId && (owner.ifName ?? a.ifName) === a.ifName,
  );
  if (remembered.some((attachment) => census.isStanding(attachment))) return "in use";
  if (fresh) return "just made";
  return census.blind === undefined ? "gone" : "unknown";
}

const leaseJson = ({ ip, owner, recorded }: BookLease, state: LeaseState) => ({
  address: formatIp(ip),
  container_id: owner?.containerId,
  ifname: owner?.ifName,
  holder: state,
  recorded,
});

import { lookup } from "../../../cni/keys.ts";
import { formatIp } from "../../../ip/index.ts";
import { about, type Finding } from "../finding.ts";
import { addressesOf, nameOf, type Picture } from "../picture.ts";

/** Addresses that containers have and no lease of host-local: the next container may get them too. */
export function leases({ attachments, books }: Picture): Finding[] {
  const byNetwork = new Map(
    books.map((book) => [book.network, { book, byAddress: new Map(book.leases.map((l) => [formatIp(l.ip), l])) }]),
  );
  return attachments.flatMap((a): Finding[] => {
    const ipam = lookup(a.main.raw, "ipam");
    if (typeof ipam !== "object" || ipam === null || Array.isArray(ipam) || ipam["type"] !== "host-local") return [];
    const { book, byAddress } = byNetwork.get(a.cached.network) ?? {};
    const { dataDir } = ipam;
    // A folder that the configuration no longer names was not read.
    if (!book || (typeof dataDir === "string" && dataDir !== "" && !book.store.layout.leases.startsWith(dataDir)))
      return [];
    return addressesOf(a).flatMap(({ cidr }): Finding[] => {
      const lease = byAddress?.get(formatIp(cidr.ip));
      if (lease && (lease.owner === undefined || lease.owner.containerId === a.cached.containerId)) return [];
      return [
        {
          fault: "attachment-without-lease",
          sentence: `${nameOf(a)} uses ${formatIp(cidr.ip)} without a lease${lease ? `: it is leased to ${lease.owner?.containerId}` : ", so another may get it too"}`,
          evidence: [`${book.store.layout.leases} has ${lease ? "it for another" : "no file for it"}`],
          remedy: "tsnet ipam import, or start the container anew",
          scopes: [about.attachment(a.cached), about.network(a.cached.network)],
        },
      ];
    });
  });
}

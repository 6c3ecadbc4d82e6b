import { type Cidr, type Ip, lastIp, networkIp } from "../../ip/index.ts";

/** Disjoint ranges of addresses of both families, each with what it is; looking one up takes the time of a few comparisons. */
export class Ranges<T> {
  readonly #sorted: { readonly first: bigint; readonly last: bigint; readonly value: T }[] = [];

  /** What has an address in common with the prefix. */
  find(prefix: Cidr): T | undefined {
    const [first, last] = boundsOf(prefix);
    const at = this.#at(first);
    for (const found of [this.#sorted[at - 1], this.#sorted[at]])
      if (found && found.first <= last && found.last >= first) return found.value;
    return undefined;
  }

  /** Must not overlap any that is there (`find`). */
  add(prefix: Cidr, value: T): void {
    const [first, last] = boundsOf(prefix);
    this.#sorted.splice(this.#at(first), 0, { first, last, value });
  }

  /** The first that begins at or behind this address. */
  #at(first: bigint): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle]?.first ?? 0n) < first) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** One line for both families: IPv6 lies behind all of IPv4. */
const place = (ip: Ip): bigint => (ip.family === 4 ? ip.value : ip.value + (1n << 32n));

const boundsOf = (prefix: Cidr): [bigint, bigint] => [place(networkIp(prefix)), place(lastIp(prefix))];

import type { NftView } from "../../src/kernel/nft.ts";
import type { Expr } from "../../src/netlink/nft/index.ts";
import { verdict } from "../../src/plugin/nat/expressions.ts";
import { contains } from "../../src/plugin/nat/shared.ts";
import { textOfBytes } from "./ascii.ts";
import type { DroppingChain, Obstacle } from "./obstacles.ts";
import { testsOf } from "./passage.ts";

/** The host's ends of containers, by our plugins and by the reference's. */
const VETH = "veth";

/**
 * Base chains of the family bridge that drop the frames which a bridge passes on from the container to others. These frames
 * mostly bear no mark of ours, so what lets them pass is a rule that accepts by the name of the port or of the bridge.
 * @param port the container's port
 * @param links the links whose names such a rule may have
 */
export async function bridgeObstacles(
  view: NftView,
  chains: readonly DroppingChain[],
  port: string,
  links: readonly string[],
): Promise<Obstacle[]> {
  const found: Obstacle[] = [];
  for (const { table, chain } of chains) {
    const rules = await view.rules(table, chain);
    if (rules.some(({ expressions }) => acceptsByName(testsOf(expressions), links))) continue;
    const name = `bridge ${table.table} ${chain}`;
    const pattern = port.startsWith(VETH) ? `${VETH}*` : port;
    found.push({ name, remedy: `nft insert rule ${name} iifname "${pattern}" accept` });
  }
  return found;
}

const NAMES: readonly unknown[] = ["iifname", "oifname", "ibrname", "obrname"];

/** `iifname "veth*" accept` and the like, with no other conditions. */
function acceptsByName(tests: readonly Expr[], links: readonly string[]): boolean {
  const last = tests.at(-1);
  if (!contains(last, verdict("accept"))) return false;
  return tests.slice(0, -1).every((test) => {
    if (test.kind === "meta") return NAMES.includes(test.data?.key);
    if (test.kind !== "cmp" || test.data?.op !== "eq") return false;
    // Without its NUL it is the beginning of names (`veth*`).
    const text = textOfBytes(test.data.data?.value ?? new Uint8Array());
    return links.some((link) => `${link}\0`.startsWith(text.replace(/\0+$/, "\0")));
  });
}

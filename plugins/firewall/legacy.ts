import type { Kernel } from "../../src/kernel/kernel.ts";
import { markText } from "./mark.ts";
import type { Member } from "./member.ts";

const TOOLS = { 4: "iptables-legacy", 6: "ip6tables-legacy" } as const;

/**
 * What a person runs where the table `filter` of legacy xtables is in use, which netlink does not reach: if its policy at
 * FORWARD drops, it drops the container's packets whatever we do. `undefined` where it is not.
 */
export async function legacyHint({ nft }: Kernel, { addresses, mark: bit }: Member): Promise<string | undefined> {
  if (!(await nft.legacyTables()).includes("filter")) return undefined;
  const families = [...new Set(addresses.map(({ ip }) => ip.family))];
  const commands = families.map((family) => {
    const mark = markText(bit);
    return `${TOOLS[family]} -I FORWARD -m mark --mark ${mark}/${mark} -j ACCEPT`;
  });
  return `legacy iptables is in use on this host; if its FORWARD chain drops, the container is cut off until somebody runs, once: ${commands.join("; ")}`;
}

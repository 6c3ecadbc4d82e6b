import type { Place } from "./place.ts";

/** A line per kernel object or file, under a key that names it: `link eth0`, `route 10.1.0.0/16 …`, `file /var/…`. */
export type Snapshot = ReadonlyMap<string, string>;

export interface SnapshotOptions {
  /** Folders whose files are listed with their contents (leases, caches). Absent ones count as empty. */
  readonly folders?: readonly string[];
}

type Obj = Record<string, unknown>;

/**
 * Everything about a place that a plugin could leave behind: links, addresses, routes of all tables, rules, neighbours,
 * queueing disciplines, nft rule set, forwarding sysctls, named namespaces, and files. Counters, timers and states that change by themselves
 * are left out, so two snapshots of an idle place are equal.
 */
export async function snapshot(place: Place, options: SnapshotOptions = {}): Promise<Snapshot> {
  const folders = options.folders ?? [];
  const ran = await place.run(["sh", "-c", SCRIPT, "snapshot", ...folders]);
  if (ran.code !== 0) throw new Error(`snapshot of ${place.name}: exit ${ran.code}\n${ran.stderr}`);
  const parts = ran.stdout.split(SEPARATOR);
  const json = (index: number): Obj[] => {
    const text = parts[index]?.trim() ?? "";
    return text === "" ? [] : (JSON.parse(text) as Obj[]);
  };
  const out = new Map<string, string>();
  const put = (key: string, value = ""): void => {
    let unique = key;
    for (let n = 2; out.has(unique); n++) unique = `${key} #${n}`;
    out.set(unique, value);
  };
  for (const link of json(0)) putLink(put, link);
  for (const route of [...json(1), ...json(2)])
    if (!followsAddress(route)) put(`route ${text(without(route, ["flags", "expires", "cache"]))}`);
  for (const rule of [...json(3), ...json(4)]) put(`rule ${text(rule)}`);
  for (const neigh of json(5)) if (isKept(neigh)) put(`neigh ${neigh["dev"]} ${neigh["dst"]}`, `${neigh["lladdr"]}`);
  for (const [key, value] of nftObjects(parts[6] ?? "")) put(key, value);
  for (const line of lines(parts[7])) {
    const [key = "", value = ""] = line.split("=");
    put(`sysctl ${key.trim()}`, value.trim());
  }
  for (const line of lines(parts[8])) put(`netns ${line}`);
  for (const qdisc of json(9)) if (qdisc["handle"] !== "0:") put(`qdisc ${text(without(qdisc, ["refcnt"]))}`);
  for (const line of lines(parts[10])) {
    const tab = line.indexOf("\t");
    put(`file ${line.slice(0, tab)}`, line.slice(tab + 1));
  }
  return out;
}

export interface DiffOptions {
  /** Lines that match are expected: `/link cni0/`. */
  readonly ignore?: readonly RegExp[];
}

/** What differs, a line each: `+ key value` appeared, `- key value` went, `~ key old → new` changed. Empty: nothing leaked. */
export function diff(before: Snapshot, after: Snapshot, options: DiffOptions = {}): string[] {
  const found: string[] = [];
  for (const [key, value] of before) {
    const now = after.get(key);
    if (now === undefined) found.push(`- ${key} ${value}`.trimEnd());
    else if (now !== value) found.push(`~ ${key} ${value} → ${now}`);
  }
  for (const [key, value] of after) if (!before.has(key)) found.push(`+ ${key} ${value}`.trimEnd());
  return found.filter((line) => !options.ignore?.some((pattern) => pattern.test(line))).sort();
}

/**
 * What `look` finds once it finds nothing, or after `limitMs`: a namespace ends a while after its last name, and what is in
 * it (a macvlan, which keeps its master promiscuous) with it.
 */
export async function settled(look: () => Promise<string[]>, limitMs = 5_000): Promise<string[]> {
  for (const deadline = Date.now() + limitMs; ; await Bun.sleep(50)) {
    const found = await look();
    if (found.length === 0 || Date.now() > deadline) return found;
  }
}

const SEPARATOR = "\u0001\n";

/** One shell for all: a snapshot costs about a dozen processes, and each entry into a namespace one more. */
const SCRIPT = `
sep() { printf '\\001\\n'; }
ip -j -d addr show; sep
ip -j -4 route show table all; sep
ip -j -6 route show table all; sep
ip -j -4 rule; sep
ip -j -6 rule; sep
ip -j neigh show nud permanent nud noarp 2>/dev/null; sep
nft -j -s list ruleset 2>/dev/null; sep
cd /proc/sys/net && grep -r . ipv4/ip_forward ipv6/conf/*/forwarding ipv4/conf/*/forwarding ipv4/conf/*/route_localnet \
  ipv6/conf/*/accept_ra bridge 2>/dev/null | tr ':' '='; sep
ls -1 /run/netns 2>/dev/null; sep
tc -j qdisc show; sep
for folder in "$@"; do
  [ -e "$folder" ] && find "$folder" -type f | while read -r file; do
    printf '%s\\t' "$file"; head -c 4096 "$file" | tr '\\r\\n\\000' '   '; echo
  done
done
exit 0`;

function putLink(put: (key: string, value?: string) => void, link: Obj): void {
  const name = String(link["ifname"]);
  const info = (link["linkinfo"] ?? {}) as Obj;
  const flags = (Array.isArray(link["flags"]) ? link["flags"].map(String) : []).filter((flag) => !CARRIER.has(flag));
  put(
    `link ${name}`,
    text({
      kind: info["info_kind"],
      master: link["master"],
      mtu: link["mtu"],
      address: link["address"],
      alias: link["ifalias"],
      promiscuity: link["promiscuity"],
      flags: flags.sort(),
    }),
  );
  for (const address of Array.isArray(link["addr_info"]) ? (link["addr_info"] as Obj[]) : []) {
    // The kernel makes and withdraws link-local addresses by itself, with the carrier.
    if (address["scope"] === "link") continue;
    put(`addr ${name} ${address["local"]}/${address["prefixlen"]}`, String(address["scope"]));
  }
}

/** Routes the kernel makes by itself with an address (and late, after duplicate-address detection) or a link. */
const followsAddress = (route: Obj): boolean =>
  route["protocol"] === "kernel" &&
  (route["table"] === "local" || /^(fe80:|ff00:|multicast)/.test(String(route["dst"])));

const CARRIER = new Set(["LOWER_UP", "NO-CARRIER", "RUNNING"]);

/** Multicast neighbours (state NOARP) come and go with the traffic. */
function isKept(neigh: Obj): boolean {
  const state = neigh["state"];
  return Array.isArray(state) && state.includes("PERMANENT");
}

/** `nft -j list ruleset` as one key per table, chain, rule and map element; handles left out, for they never repeat. */
function* nftObjects(json: string): Generator<[string, string]> {
  if (json.trim() === "") return;
  const { nftables } = JSON.parse(json) as { nftables: Obj[] };
  for (const entry of nftables) {
    for (const [kind, value] of Object.entries(entry)) {
      if (kind === "metainfo") continue;
      const { elem, handle: _, ...rest } = value as Obj;
      const where = `nft ${kind} ${[rest["family"], rest["table"], rest["chain"]].filter(Boolean).join(" ")}`;
      if (kind === "rule") {
        yield [`${where} ${text(without(rest, ["family", "table", "chain", "index"]))}`, ""];
        continue;
      }
      yield [`${where} ${rest["name"]}`, text(without(rest, ["family", "table", "name"]))];
      const elements = Array.isArray(elem) ? elem : [];
      for (const element of elements) yield [`nft elem ${rest["table"]} ${rest["name"]} ${text(element)}`, ""];
    }
  }
}

const without = (object: Obj, keys: readonly string[]): Obj =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
const text = (value: unknown): string => JSON.stringify(value);
const lines = (part: string | undefined): string[] => (part ?? "").split("\n").filter((line) => line !== "");

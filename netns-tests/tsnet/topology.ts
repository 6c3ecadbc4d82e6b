/** Random namespaces, built with iproute2 and nft from a seed: what the views are compared over. */
import type { Place } from "../support/place.ts";
import { must } from "../support/run.ts";

/** A generator of numbers that gives the same for the same seed (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 … n - 1 */
  roll(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  }

  pick<T>(from: readonly T[]): T {
    const one = from[this.roll(from.length)];
    if (one === undefined) throw new Error("nothing to pick from");
    return one;
  }

  chance(percent: number): boolean {
    return this.roll(100) < percent;
  }
}

/** Lines of `ip -batch`; those that the kernel refuses are passed over (`-force`), as random ones will be now and then. */
async function batch(place: Place, tool: "ip" | "bridge" | "tc", lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await place.run([tool, "-force", "-batch", "-"], { stdin: `${lines.join("\n")}\n` });
}

/** Links, addresses, routes, rules, neighbours, forwarding entries and queues of a namespace; some links lead into `other`. */
export async function buildNetwork(dice: Dice, place: Place, other: Place): Promise<void> {
  // Duplicate-address detection would change flags for a second.
  await place.exec("sh", "-c", "for f in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 >$f; done");
  await other.exec("sh", "-c", "for f in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 >$f; done");
  const links: string[] = [];
  const made: string[] = [];
  const link = (line: string, ...names: string[]): void => {
    made.push(line);
    links.push(...names);
  };
  link(
    `link add br0 type bridge ${dice.pick(["", "stp_state 0 ageing_time 100", "mcast_snooping 0", "priority 100"])}`,
    "br0",
  );
  link("link add name0123456789a type bridge", "name0123456789a");
  for (let i = 0; i < 2 + dice.roll(4); i++) {
    const there = dice.chance(50) ? ` netns ${other.path}` : "";
    link(`link add v${i} mtu ${dice.pick([1500, 1400, 9000])} type veth peer name w${i}${there}`, `v${i}`);
    if (there === "") links.push(`w${i}`);
    if (dice.chance(60)) made.push(`link set v${i} master br0`);
  }
  link(
    `link add mv type macvlan mode ${dice.pick(["bridge", "private", "vepa"])}`.replace("add mv", "add mv link v0"),
    "mv",
  );
  const vxlan = dice.pick([
    "id 42 local 10.0.0.1 dstport 4789 nolearning",
    "id 7 group 239.1.1.1 dev br0 dstport 8472 ttl 5",
    "id 9 remote 10.0.0.9 dstport 4789 ageing 10 proxy",
    "id 10 remote fd00::9 local fd00::1 dstport 4790 tos 4 udp6zerocsumrx",
  ]);
  link(`link add vx type vxlan ${vxlan}`, "vx");
  link(`link add ifb7 type ifb`, "ifb7");
  await batch(place, "ip", made);
  await batch(place, "ip", ["tuntap add tun0 mode tun", "tuntap add tap0 mode tap"]);
  links.push("tun0", "tap0");

  const settings: string[] = [];
  for (const name of links) {
    // Of neighbours on a link without hardware addresses `ip` prints a byte that is none.
    if (name !== "tun0" && dice.chance(70)) settings.push(`link set ${name} up`);
    if (dice.chance(20)) settings.push(`link set ${name} alias "text ${dice.roll(100)} of it"`);
    if (dice.chance(10)) settings.push(`link property add dev ${name} altname other-name-of-${name}`);
    if (dice.chance(10)) settings.push(`link set ${name} promisc on`);
    if (dice.chance(10)) settings.push(`link set ${name} txqueuelen ${dice.roll(5) * 100}`);
    if (dice.chance(10)) settings.push(`link set ${name} group ${dice.roll(9)}`);
  }
  for (let i = 0; i < 8; i++) {
    const dev = dice.pick(links);
    settings.push(
      dice.pick([
        `addr add 10.${dice.roll(9)}.0.${1 + dice.roll(200)}/${dice.pick([8, 16, 24, 32])} dev ${dev}`,
        `addr add 10.9.0.${1 + dice.roll(200)} peer 10.9.1.1/32 dev ${dev}`,
        `addr add 10.8.0.${1 + dice.roll(200)}/24 brd + dev ${dev} label ${dev}:x`,
        `addr add 10.7.0.${1 + dice.roll(200)}/24 dev ${dev} scope link metric 77`,
        `addr add 10.6.0.${1 + dice.roll(200)}/24 dev ${dev} valid_lft 9000 preferred_lft 8000`,
        `addr add fd0${dice.roll(9)}::${1 + dice.roll(200)}/64 dev ${dev} nodad`,
        `addr add fd00:1::${1 + dice.roll(200)}/128 dev ${dev} noprefixroute`,
      ]),
    );
  }
  settings.push("addr add 10.0.0.1/16 dev br0", "addr add fd00::1/64 dev br0 nodad", "link set br0 up");
  await batch(place, "ip", settings);

  const routes: string[] = [];
  for (let i = 0; i < 14; i++) {
    const [a, b] = [dice.roll(200), dice.roll(200)];
    routes.push(
      dice.pick([
        `route add 172.16.${a}.0/24 via 10.0.0.${1 + b} metric ${dice.roll(5)}`,
        `route add 172.17.${a}.0/24 dev br0 src 10.0.0.1 proto ${dice.pick(["static", "bird", "99"])}`,
        `route add 172.18.${a}.0/24 nexthop via 10.0.0.2 weight ${1 + dice.roll(9)} nexthop via 10.0.0.${3 + b} dev br0 onlink`,
        `route add ${dice.pick(["blackhole", "unreachable", "prohibit", "throw"])} 172.19.${a}.0/24`,
        `route add 172.20.${a}.${b} dev br0 table ${dice.pick(["77", "1000", "local"])}`,
        `route add 172.21.${a}.0/24 via inet6 fe80::1 dev br0`,
        `route add 172.22.${a}.0/24 dev br0 mtu 1300 advmss 1200 window 5`,
        `route add 172.23.${a}.0/24 tos 0x10 dev br0`,
        `route add default via 10.0.0.${1 + b}`,
        `-6 route add fd10:${a}::/64 via fd00::${1 + b}`,
        `-6 route add fd11:${a}::/64 dev br0 metric ${1 + dice.roll(9)} table ${dice.pick(["main", "88"])}`,
        `-6 route add ${dice.pick(["blackhole", "unreachable", "prohibit"])} fd12:${a}::/64`,
        `-6 route add fd13:${a}::/64 nexthop via fd00::2 nexthop via fd00::3 weight 3`,
        `-6 route add default via fd00::${1 + b} pref high`,
      ]),
      dice.pick([
        `rule add from 10.${a}.0.0/16 table ${dice.pick(["77", "main", "1000"])}`,
        `rule add fwmark ${1 + b}/0xff lookup 88 pref ${100 + a}`,
        `rule add not to 10.3.0.${b} iif br0 ${dice.pick(["blackhole", "prohibit", "unreachable"])}`,
        `rule add ipproto ${dice.pick(["tcp", "udp", "icmp"])} pref ${300 + a} table 5`,
        `rule add ipproto tcp dport ${1 + a}-${300 + b} sport 7 pref ${600 + a} table 5`,
        `rule add uidrange 0-${b} table main suppress_prefixlength ${dice.roll(9)} pref ${900 + a}`,
        `rule add oif v0 table 9 pref ${1200 + a}`,
        `rule add pref ${1500 + a} goto 32766`,
        `-6 rule add from fd00::/8 iif br0 table 88 pref ${1800 + a}`,
      ]),
      dice.pick([
        `neigh add 10.0.0.${a} lladdr 02:00:00:00:00:${(b + 16).toString(16)} dev br0`,
        `neigh add fd00::${1 + a} lladdr 02:00:00:00:01:${(b + 16).toString(16)} dev br0 router`,
        `neigh add 10.0.1.${a} lladdr 02:00:00:00:02:${(b + 16).toString(16)} dev br0 nud noarp`,
      ]),
    );
  }
  await batch(place, "ip", routes);
  await batch(place, "bridge", [
    "fdb append 00:00:00:00:00:00 dev vx dst 10.0.0.9",
    `fdb append 02:00:00:00:00:05 dev vx dst 10.0.0.${dice.roll(200)} port 8472 vni 7`,
    `fdb add 02:00:00:00:00:06 dev v0 master ${dice.pick(["static", "dynamic", "permanent"])}`,
    "fdb add 02:00:00:00:00:07 dev v0 self",
  ]);
  await batch(place, "tc", [
    `qdisc add dev v0 root tbf rate ${1 + dice.roll(900)}mbit burst ${10 + dice.roll(90)}k latency ${1 + dice.roll(90)}ms`,
    "qdisc add dev v0 ingress",
    "filter add dev v0 parent ffff: protocol all u32 match u32 0 0 action mirred egress redirect dev ifb7",
    `qdisc add dev ifb7 root handle 1: htb default ${dice.roll(99)}`,
    "class add dev ifb7 parent 1: classid 1:10 htb rate 1mbit ceil 2mbit",
    `qdisc add dev v1 root ${dice.pick(["pfifo limit 7", "bfifo limit 9000", "pfifo_fast"])}`,
  ]);
}

/** Statements that nft prints back as they are, by the families they load in. */
const STATEMENTS: Readonly<Record<string, readonly string[]>> = {
  any: [
    "ct state established,related",
    "ct state { established, new }",
    "ct state != invalid",
    "ct status dnat",
    "ct direction original",
    "ct mark and 0xff == 0x10",
    "ct mark 5",
    "ct zone 5",
    "ct bytes > 1000",
    'iifname "lo"',
    'iifname != "eth*"',
    'oifname { "a", "b" }',
    'iifname { "eth0", "docker*" }',
    'iif "lo"',
    "meta l4proto { tcp, udp } th dport 53",
    "tcp dport 22",
    "tcp dport { 80, 443, 1000-2000 }",
    "tcp dport != 1-5",
    "tcp sport 5 tcp dport 6",
    "udp dport 53 udp length 10",
    "sctp dport 9",
    "tcp flags syn / syn,ack,fin",
    "tcp flags & (fin|syn|rst|ack) == syn",
    "tcp option maxseg size 1-500",
    "meta mark 0x5",
    "meta mark and 0xff == 0x5",
    "meta mark { 1, 0x100 }",
    "meta skuid 1000-2000",
    "meta length > 1000",
    "meta pkttype broadcast",
    "meta priority 1:2",
    "meta cpu 1",
    "fib daddr type local",
    "fib saddr . iif oif missing",
    "limit rate 10/second burst 5 packets",
    "limit rate over 10 mbytes/second",
    "counter packets 3 bytes 4",
    'log prefix "a b" level debug',
    "log flags all",
    'log group 5 prefix "x"',
    "meta mark set 0x7",
    "meta mark set mark or 0x10",
    "meta mark set mark and 0xf",
    "ct mark set meta mark",
    "meta nftrace set 1",
    "quota over 25 mbytes",
    "@th,16,16 0x35",
  ],
  ip: [
    "ip saddr 10.0.0.0/8",
    "ip saddr 10.0.0.0/23 ip daddr 1.1.1.1",
    "ip saddr != 10.0.0.5-10.0.0.9",
    "ip saddr { 10.0.0.0/8, 192.168.0.1 }",
    "ip saddr @s4",
    "ip saddr . tcp dport @cc",
    "ip saddr vmap @vm",
    "ip daddr != @iv",
    "ip protocol { tcp, udp }",
    "ip ttl > 5",
    "ip dscp cs1",
    "ip dscp set af11",
    "ip frag-off & 0x1fff != 0",
    "icmp type echo-request icmp code 0",
    "icmp type { echo-reply, redirect }",
    "ip saddr set 1.1.1.1",
    "ct original ip daddr 10.0.0.1",
    "ip saddr . ip daddr { 1.1.1.1 . 2.2.2.2 }",
    "add @dyn { ip saddr }",
    "update @dyn { ip saddr timeout 5s }",
    "tcp dport vmap { 22 : accept, 23 : drop }",
    "reject with icmp admin-prohibited",
  ],
  ip6: [
    "ip6 saddr fd00::/8",
    "ip6 saddr fd00::1 ip6 daddr fd00::/63",
    "ip6 saddr { fe80::/10, ::1 }",
    "ip6 hoplimit 255",
    "ip6 nexthdr tcp",
    "ip6 dscp cs2",
    "icmpv6 type { echo-request, nd-router-solicit }",
    "icmpv6 type 135",
    "reject with icmpv6 addr-unreachable",
  ],
};

const VERDICTS = ["accept", "drop", "return", "jump c2", "goto c2", "counter", 'counter name "cnt"', "continue"];

/** A rule set of three tables. */
export function randomRuleset(dice: Dice): string {
  const table = (family: "ip" | "ip6" | "inet", name: string): string => {
    const words = [...(STATEMENTS["any"] ?? []), ...(family === "inet" ? [] : (STATEMENTS[family] ?? []))];
    const inet = [...words, ...(STATEMENTS["ip"] ?? []), ...(STATEMENTS["ip6"] ?? [])];
    const rules = Array.from({ length: 12 }, () => {
      const one = dice.pick(family === "inet" ? inet : words);
      // Statements of the families do not go together, but any goes with each.
      const two = dice.chance(50)
        ? ` ${dice.pick((STATEMENTS["any"] ?? []).filter((w) => /^(ct|iif|oif|meta [smcp]|counter)/.test(w)))}`
        : "";
      if (/^(reject|ip saddr vmap|tcp dport vmap)/.test(one)) return one;
      const comment = dice.chance(30) ? ` comment "nr ${dice.roll(99)}"` : "";
      return `${one}${two} ${dice.pick(VERDICTS)}${comment}`;
    });
    const four =
      family === "ip6"
        ? ""
        : `set s4 { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.2 comment "x" }; }
           set iv { type ipv4_addr; flags interval; elements = { 10.1.0.0/16, 10.2.0.1-10.2.0.9, 192.168.1.1 }; }
           set cc { type ipv4_addr . inet_service; elements = { 10.0.0.1 . ${dice.roll(999)} }; }
           set ivc { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/24 . 80-90 }; }
           set dyn { type ipv4_addr; flags dynamic,timeout; timeout 1m; size 1000; }
           map vm { type ipv4_addr : verdict; elements = { 10.0.0.1 : jump c2, 10.0.0.2 : drop }; }
           map m { type inet_proto . inet_service : ipv4_addr . inet_service; elements = { tcp . 80 comment "web" : 10.0.0.1 . 8080 }; }`;
    const nat = family === "ip6" ? "fd00::1" : "10.0.0.1";
    const kind = family === "inet" ? (dice.chance(50) ? "ip " : "ip ") : "";
    return `table ${family} ${name} {
      ${four}
      set ports { type inet_service; flags interval; elements = { 1-1024, 8080 }; }
      set ifs { type ifname; elements = { "eth0", "lo" }; }
      set mk { type mark; elements = { 1, 0x100 }; }
      counter cnt { packets ${dice.roll(99)} bytes ${dice.roll(99)} }
      chain c2 { ct mark 1 ${dice.pick(["accept", "return"])}; }
      chain f { type filter hook ${dice.pick(["input", "forward"])} priority ${dice.roll(100) - 50}; policy ${dice.pick(["accept", "drop"])};
        ${rules.join("\n        ")}
      }
      chain pre { type nat hook prerouting priority dstnat + 1;
        tcp dport ${1 + dice.roll(999)} dnat ${kind}to ${family === "ip6" ? `[${nat}]` : nat}:${1 + dice.roll(999)}
        udp dport 5 redirect to :${1 + dice.roll(999)}
        ${family === "ip6" ? "" : `dnat ${kind}to meta l4proto . th dport map @m`}
      }
      chain post { type nat hook postrouting priority srcnat;
        oifname != "br0" masquerade ${dice.pick(["", "random", "fully-random,persistent"])}
        snat ${family === "inet" ? "ip " : ""}to ${nat}
      }
    }`;
  };
  return `${table("ip", "t4")}\n${table("ip6", "t6")}\n${table("inet", "tx")}\n`;
}

/** Loads a rule set; what nft refuses is an error, with the rule set. */
export async function loadRuleset(place: Place, text: string): Promise<void> {
  const ran = await place.run(["nft", "-f", "-"], { stdin: text });
  if (ran.code !== 0) throw new Error(`nft refuses:\n${ran.stderr}\n${text}`);
}

/** Rules of iptables-nft, with its matches and targets. */
export async function iptablesRules(place: Place): Promise<void> {
  const rules = [
    "-A INPUT -p tcp -m multiport --dports 80,443 -m comment --comment words -j ACCEPT",
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-A FORWARD -m addrtype --dst-type LOCAL -j LOG --log-prefix x",
    "-A INPUT -i lo -s 10.0.0.0/8 ! -d 10.1.1.1 -j REJECT",
  ];
  for (const rule of rules) await must([...place.enter, "iptables-nft", ...rule.split(" ")]);
}

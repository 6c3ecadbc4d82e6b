/** Rules that drop, masquerading and published ports: one fault each on a healthy bridge network. */
import { expect } from "bun:test";
import { lacksCommand, testUnless } from "../support/skip.ts";
import { lack, makeWebLab, plants, type WebLab } from "./lab.ts";

const nft = async ({ host }: Pick<WebLab, "host">, ruleset: string): Promise<void> => {
  const ran = await host.run(["nft", "-f", "-"], { stdin: ruleset.replace(/\} *\}$/, "}\n}\n") });
  if (ran.code !== 0) throw new Error(ran.stderr);
};
const ports = [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }];

plants(
  "masquerading of one address is gone",
  "masquerade-missing",
  async ({ host }) => {
    await host.exec("nft", "delete", "element", "inet", "tsnet", "masq4", "{ 10.38.0.2 }");
  },
  { healthyAfterFix: true },
);

plants(
  "a published port is gone",
  "published-missing",
  async ({ host }) => {
    await host.exec("nft", "delete", "element", "inet", "tsnet", "ports4", "{ tcp . 8080 }");
  },
  { ports, healthyAfterFix: true },
);

plants(
  "a foreign rule translates a published port before us",
  "published-shadowed",
  (lab) =>
    nft(
      lab,
      `table ip other { chain pre { type nat hook prerouting priority -100; policy accept;
         tcp dport { 8080, 9090 } dnat to 10.38.0.3:81; } }`,
    ),
  { ports, also: ({ faults }) => expect(faults[0]?.evidence[0]).toContain("table ip other, chain pre, rule handle") },
);

plants(
  "a published port leads to a dead address",
  "published-dead",
  async ({ host }) => {
    const { nftables } = JSON.parse(await host.exec("nft", "-j", "list", "map", "inet", "tsnet", "ports4")) as {
      nftables: { map?: { elem: [{ elem: { comment: string } }, unknown][] } }[];
    };
    const comment = nftables.find(({ map }) => map)?.map?.elem[0]?.[0].elem.comment;
    await host.exec("nft", "delete", "element", "inet", "tsnet", "ports4", "{ tcp . 8080 }");
    const element = `{ tcp . 8080 comment "${comment}" : 10.38.0.77 . 80 }`;
    await host.exec("nft", "add", "element", "inet", "tsnet", "ports4", element);
  },
  { ports },
);

const DROPS: Readonly<Record<string, string>> = {
  "by port": "tcp dport 443 drop",
  "by a set of ports": "tcp dport { 80, 443 } drop",
  "by an interval": "tcp dport 400-500 drop",
  "by a set with intervals": "ip saddr { 10.0.0.0-10.40.255.255, 172.16.0.0/12 } tcp dport 443 drop",
  "by a verdict map": "tcp dport vmap { 443 : drop, 53 : accept }",
  "by link names": 'iifname "br*" oifname "lan0" tcp dport 443 counter log prefix "x" reject',
  "by a concatenation": "ip saddr . tcp dport { 10.38.0.0/24 . 443 } drop",
  "of new connections": "ct state new ip saddr 10.38.0.0/16 limit rate 5/second drop",
  "by a mark it sets itself": "tcp dport 443 meta mark set 0x15",
  "by the type of an address": "fib daddr type unicast fib saddr type != local tcp dport 443 drop",
  "by bits of the header": "ip dscp 0 ip frag-off & 0x1fff == 0 tcp flags & (syn | ack) == syn drop",
};

for (const [how, rule] of Object.entries(DROPS))
  plants(
    `a foreign rule drops ${how}`,
    "rule-drops",
    (lab) =>
      nft(
        lab,
        `table inet other {
           chain rest { ${rule}
             meta mark and 0xff == 0x15 drop; }
           chain more { ip saddr 10.38.0.2 goto rest; }
           chain crossing { type filter hook forward priority 0; policy accept;
             ct state established,related accept
             jump more; }
         }`,
      ),
    { also: ({ faults }) => expect(faults[0]?.evidence.join()).toContain("table inet other, chain rest, rule handle") },
  );

plants(
  "a foreign policy drops",
  "policy-drops",
  (lab) =>
    nft(
      lab,
      "table inet other { chain crossing { type filter hook forward priority 10; policy drop; ct state established accept; udp dport 53 accept; iifname lan0 accept; } }",
    ),
  { also: ({ faults }) => expect(faults[0]?.evidence[0]).toContain("chain crossing, policy") },
);

plants("a foreign rule drops IPv6", "rule-drops", (lab) =>
  nft(
    lab,
    "table ip6 other { chain crossing { type filter hook forward priority 0; policy accept; ip6 saddr fd38::2 meta l4proto { tcp, udp } drop; } }",
  ),
);

plants("a foreign rule drops answers", "rule-drops", (lab) =>
  nft(
    lab,
    "table ip other { chain crossing { type filter hook forward priority 0; policy accept; ct state established ip saddr != 10.38.0.0/24 ip daddr 10.38.0.3 drop; } }",
  ),
);

plants("a foreign policy drops all but those that a map of counters lists", "policy-drops", (lab) =>
  nft(
    lab,
    `table inet other {
       counter listed { }
       map who { type ipv4_addr : counter; elements = { 10.38.0.99 : "listed" }; }
       chain crossing { type filter hook forward priority 0; policy drop;
         counter name ip saddr map @who meta mark set 0x15
         meta mark 0x15 accept; } }`,
  ),
);

plants(
  "a rule drops what comes in by a published port",
  "rule-drops",
  (lab) =>
    nft(
      lab,
      "table ip other { chain crossing { type filter hook forward priority 0; policy accept; ct status dnat tcp dport 80 drop; } }",
    ),
  { ports, also: ({ faults }) => expect(faults[0]?.sentence).toContain("published port tcp 0.0.0.0:8080") },
);

testUnless(
  lack,
  "doctor cannot tell what a rule with other expressions does, names it, and is silent about harmless ones",
  async () => {
    await using lab = await makeWebLab();
    const load = (rules: string): Promise<void> =>
      nft(lab, `table inet other { chain crossing { type filter hook forward priority 0; policy accept; ${rules} } }`);
    await load(
      "tcp flags syn tcp option maxseg size set rt mtu; meta skuid 5 counter; meta length > 1000 accept; iif lo drop;",
    );
    await lab.expectFaults();
    await load("meta length > 1000 drop;");
    const said = await lab.doctor();
    expect({ code: said.code, faults: said.faults }).toEqual({ code: 0, faults: [] });
    expect(said.cannot_tell.map(({ evidence }) => evidence)).toEqual([["meta len"]]);
    // A rule that may accept puts the drop behind it in doubt.
    await lab.host.exec("nft", "flush", "table", "inet", "other");
    await load("meta length > 1000 accept; drop;");
    const doubtful = await lab.doctor();
    expect(doubtful.faults).toEqual([]);
    expect(doubtful.cannot_tell[0]?.sentence).toContain("table inet other, chain crossing");
  },
);

const IPTABLES: Readonly<Record<string, string>> = {
  "a comment": "-p tcp --dport 443 -m comment --comment hello -j DROP",
  conntrack: "-m conntrack --ctstate NEW -j REJECT",
  addrtype: "-m addrtype --dst-type UNICAST ! --src-type LOCAL -j DROP",
  mark: "-m mark --mark 0/0xff -j DROP",
  multiport: "-p tcp -m multiport --dports 80,400:500 -j DROP",
  "the protocol's flags": "-p tcp --syn -j DROP",
  udp: "-p udp -m udp --dport 53 -j DROP",
};

for (const [what, rule] of Object.entries(IPTABLES))
  testUnless([lack, lacksCommand("iptables-nft")], `doctor evaluates iptables-nft's ${what}`, async () => {
    await using lab = await makeWebLab();
    const iptables = (...args: string[]): Promise<string> => lab.host.exec("iptables-nft", "-w", ...args);
    // The same turned round matches nothing of ours.
    await iptables("-A", "FORWARD", "-s", "10.99.0.0/16", ...rule.split(" "));
    await lab.expectFaults();
    await iptables("-A", "FORWARD", "-i", "br0", ...rule.split(" "));
    const said = await lab.expectFaults("rule-drops");
    expect(said.faults[0]?.sentence).toContain("chain FORWARD of table ip filter");
  });

testUnless([lack, lacksCommand("iptables-nft")], "doctor names policy-drops: iptables' policy of FORWARD", async () => {
  await using lab = await makeWebLab();
  const iptables = (...args: string[]): Promise<string> => lab.host.exec("iptables-nft", "-w", ...args);
  await iptables("-P", "FORWARD", "DROP");
  const said = await lab.expectFaults("policy-drops");
  expect(said.faults[0]?.evidence[0]).toBe("nft table ip filter, chain FORWARD, policy");
  // As Docker and firewalls have it: what is accepted before is not dropped.
  await iptables("-A", "FORWARD", "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT");
  await iptables("-A", "FORWARD", "-i", "br0", "-j", "ACCEPT");
  await lab.expectFaults();
});

testUnless(
  [lack, lacksCommand("iptables-nft")],
  "doctor does not guess about an iptables match it does not know",
  async () => {
    await using lab = await makeWebLab();
    await lab.host.exec("iptables-nft", "-A", "FORWARD", "-m", "length", "--length", "1000:", "-j", "DROP");
    const said = await lab.doctor();
    expect({ faults: said.faults, unclear: said.cannot_tell.map(({ evidence }) => evidence[0]) }).toEqual({
      faults: [],
      unclear: ['xt match "length" revision 0'],
    });
  },
);

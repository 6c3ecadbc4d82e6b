import { formatIp, type Ip, parseIp } from "../../../ip/index.ts";
import type { Link } from "../../../kernel/link.ts";
import { about, type Doubt, type Finding, type Judgement } from "../finding.ts";
import { type Attached, addressesOf, isOn, isRouted, nameOf, type Picture, wayIn } from "../picture.ts";
import { isLocalIn, OUTSIDE, uplinkOf } from "../routing.ts";
import { type Packet, type Port, packet } from "../rules/packet.ts";
import { type Fate, type Hook, type Place, placeText, walkHook } from "../rules/walk.ts";
import { guarded, type PublishedPort, portsByAttachment } from "./published.ts";

/** Tables of ours: what they drop is meant. */
const OURS = "tsnet";
const HTTPS = 443;
const SOME_PORT = 40_000;

/** Follows the usual packets of each container through the rules of the host: out, the answer, in by a published port. */
export function paths(picture: Picture): Judgement {
  const { host, attachments } = picture;
  const walks = new Walks(picture);
  if (host.nft === undefined) return { findings: [], doubts: [] };
  const published = portsByAttachment(picture);
  const onBridge = Map.groupBy(attachments, ({ bridge }) => bridge?.index);
  const neighbour = new Set<string>();
  for (const a of attachments) {
    if (!isRouted(a)) continue;
    for (const { cidr } of addressesOf(a)) {
      walks.out(a, cidr.ip);
      const key = `${a.cached.network} ${cidr.ip.family}`;
      const other = a.bridge && onBridge.get(a.bridge.index)?.find((b) => b !== a);
      const to = other && addressesOf(other).find((each) => each.cidr.ip.family === cidr.ip.family);
      if (!neighbour.has(key) && other && to) {
        neighbour.add(key);
        walks.between(a, cidr.ip, other, to.cidr.ip);
      }
    }
    for (const port of published.get(a.cached) ?? []) walks.published(a, port);
  }
  return walks.judgement();
}

class Walks {
  readonly #picture: Picture;
  readonly #ground: { isLocal(ip: Ip): boolean };
  readonly #uplinks: Readonly<Record<4 | 6, Link | undefined>>;
  readonly #drops = new Map<string, { at: Place; what: string[]; scopes: string[] }>();
  readonly #doubts = new Map<string, Doubt>();
  readonly #more: Finding[] = [];

  constructor(picture: Picture) {
    this.#picture = picture;
    this.#ground = { isLocal: isLocalIn(picture.host) };
    this.#uplinks = { 4: uplinkOf(picture.host, 4), 6: uplinkOf(picture.host, 6) };
  }

  judgement(): Judgement {
    const dropped = [...this.#drops.values()].map(({ at, what, scopes }): Finding => {
      const isPolicy = at.handle === undefined;
      return {
        fault: isPolicy ? "policy-drops" : "rule-drops",
        sentence: `${isPolicy ? "the policy of" : "a rule in"} nftables chain ${at.chain} of table ${at.family} ${at.table} drops ${what[0]}${what.length > 1 ? `, and ${what.length - 1} more` : ""}`,
        evidence: [placeText(at), ...what.slice(0, 5)],
        remedy: isPolicy
          ? `accept them before: the firewall plugin in the network's list does so, or nft insert rule ${at.family} ${at.table} ${at.chain} …`
          : `look at it with nft -a list chain ${at.family} ${at.table} ${at.chain}; nft delete rule ${at.family} ${at.table} ${at.chain} handle ${at.handle} removes it`,
        scopes,
      };
    });
    return { findings: [...dropped, ...this.#more], doubts: [...this.#doubts.values()] };
  }

  /** Notes what became of a packet; whether it came through. */
  #note(fate: Fate, what: string, a: Attached): boolean {
    if (fate.kind === "accept") return true;
    if (fate.at.table === OURS) return false;
    const scope = about.attachment(a.cached);
    const key = placeText(fate.at);
    if (fate.kind === "drop") {
      const known = this.#drops.get(key) ?? { at: fate.at, what: [], scopes: [] };
      known.what.push(what);
      known.scopes.push(scope);
      this.#drops.set(key, known);
    } else {
      const before = this.#doubts.get(key);
      this.#doubts.set(key, {
        sentence: before?.sentence ?? `whether ${what} pass ${key}`,
        evidence: [fate.expression],
        scopes: [...(before?.scopes ?? []), scope],
      });
    }
    return false;
  }

  #through(p: Packet, hooks: readonly Hook[], what: string, a: Attached): boolean {
    const { nft } = this.#picture.host;
    return hooks.every((hook) => nft === undefined || this.#note(walkHook(nft, hook, p, this.#ground), what, a));
  }

  out(a: Attached, ip: Ip): void {
    const { nft } = this.#picture.host;
    const { family } = ip;
    const [inward, uplink] = [wayIn(a), this.#uplinks[family]];
    if (!nft || !inward || !uplink) return;
    const ends = { iif: portOf(inward), oif: portOf(uplink) };
    const outside = OUTSIDE[family];
    const what = `connections of ${nameOf(a)} (${formatIp(ip)}) to outside, TCP port ${HTTPS}`;
    const there = { family, protocol: 6, src: ip, dst: outside, sport: SOME_PORT, dport: HTTPS, state: "new" } as const;
    const p = packet({ ...there, iif: ends.iif });
    if (!this.#through(p, ["prerouting"], what, a)) return;
    p.oif = ends.oif;
    if (!this.#through(p, ["forward", "postrouting"], what, a)) return;
    if (isOn(a, "ipMasq") && !p.masqueraded)
      this.#more.push({
        fault: "masquerade-missing",
        sentence: `connections of ${nameOf(a)} leave the host with the container's own address ${formatIp(ip)}: masquerading is missing`,
        evidence: ['its config has "ipMasq": true', "no rule at hook postrouting masquerades them"],
        remedy: "tsnet repair, or tsnet doctor --fix",
        scopes: [about.attachment(a.cached)],
        fix: { kind: "repair" },
      });
    const dns = packet({ ...there, protocol: 17, dport: 53, iif: ends.iif, oif: ends.oif });
    const dnsText = `questions of ${nameOf(a)} (${formatIp(ip)}) to name servers outside, UDP port 53`;
    if (!this.#through(dns, ["forward"], dnsText, a)) return;
    const back = packet({
      ...there,
      src: outside,
      dst: ip,
      sport: HTTPS,
      dport: SOME_PORT,
      state: "established",
      masqueraded: p.masqueraded,
      iif: ends.oif,
      oif: ends.iif,
    });
    this.#through(back, ["forward", "postrouting"], `answers from outside to ${nameOf(a)} (${formatIp(ip)})`, a);
  }

  /** Bridged packets are shown to the rules where br_netfilter says so. */
  between(a: Attached, from: Ip, b: Attached, to: Ip): void {
    const { family } = from;
    const key = `net/bridge/bridge-nf-call-${family === 4 ? "iptables" : "ip6tables"}`;
    if (this.#picture.host.sysctls?.get(key) !== "1" || !a.bridge) return;
    const bridge = portOf(a.bridge);
    const state = "new";
    const p = packet({
      family,
      protocol: 6,
      src: from,
      dst: to,
      sport: SOME_PORT,
      dport: 80,
      state,
      iif: bridge,
      oif: bridge,
    });
    this.#through(p, ["forward"], `connections of ${nameOf(a)} to ${nameOf(b)} on the same bridge, TCP port 80`, a);
  }

  published(a: Attached, port: PublishedPort): void {
    const { host } = this.#picture;
    const { family, protocol, hostPort, hostAddress, target, targetPort } = port.published;
    const [uplink, inward] = [this.#uplinks[family], wayIn(a)];
    if (!uplink || !inward || protocol === "sctp" || port.isPrivate) return;
    const address = hostAddress ?? addressOn(host, uplink, family);
    if (!address) return;
    const what = `connections from outside to the published port ${port.text} of ${nameOf(a)}`;
    const p = packet({
      family,
      protocol: protocol === "tcp" ? 6 : 17,
      src: OUTSIDE[family],
      dst: address,
      sport: SOME_PORT,
      dport: hostPort,
      state: "new",
      iif: portOf(uplink),
    });
    if (!this.#through(p, ["prerouting"], what, a)) return;
    const isRight = p.dnat && formatIp(p.dst) === formatIp(target) && p.dport === targetPort;
    if (!isRight) {
      if (!p.dnat && guarded(host, port.published)) return;
      const scopes = [about.attachment(a.cached)];
      if (p.dnat)
        this.#more.push({
          fault: "published-shadowed",
          sentence: `the published port ${port.text} of ${nameOf(a)} is shadowed: another rule sends its connections to ${formatIp(p.dst)} port ${p.dport}`,
          evidence: [p.translatedAt ?? "another rule", `its own record leads to ${port.target}`],
          remedy: "delete that rule, or publish another port",
          scopes,
        });
      else
        this.#more.push({
          fault: "published-missing",
          sentence: `the published port ${port.text} of ${nameOf(a)} is not translated, though its record stands`,
          evidence: ["no rule at hook prerouting looks it up"],
          remedy: "tsnet repair, or tsnet doctor --fix",
          scopes,
          fix: { kind: "repair" },
        });
      return;
    }
    p.oif = portOf(inward);
    this.#through(p, ["forward", "postrouting"], what, a);
  }
}

const portOf = ({ index, name }: Link): Port => ({ index, name });

function addressOn({ addrs }: Picture["host"], link: Link, family: 4 | 6): Ip | undefined {
  const found = addrs?.find(
    (addr) => addr.link === link.index && addr.family === family && !/^fe[89ab]/.test(addr.address),
  );
  return found && parseIp(found.address);
}

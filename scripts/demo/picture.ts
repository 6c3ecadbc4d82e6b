import { checked, type Namespace } from "./stage.ts";

interface LinkJson {
  ifname: string;
  ifindex: number;
  link_index?: number;
  master?: string;
}
interface AddrJson {
  ifname: string;
  addr_info: { local: string; prefixlen: number; family: string }[];
}

/** The host's bridge with the containers on it, drawn from what `ip -j` says. */
export function picture(host: Namespace, containers: Namespace[], notes: { published: string }): string {
  const links = json<LinkJson>(host, ["ip", "-j", "link", "show"]);
  const bridge = links.find((l) => links.some((port) => port.master === l.ifname));
  if (!bridge) throw new Error("the host has no bridge with ports");
  const boxes = containers.map((container) => {
    const eth0 = json<LinkJson>(container, ["ip", "-j", "link", "show", "eth0"])[0];
    const port = links.find((l) => l.ifindex === eth0?.link_index);
    return { role: container.role, address: addressOn(container, "eth0"), port: port?.ifname ?? "?" };
  });
  const width = Math.max(...boxes.flatMap((b) => [b.address.length, b.port.length, b.role.length])) + 4;
  const row = (cell: (b: (typeof boxes)[number]) => string) => boxes.map(cell).join("   ");
  const inside = boxes.length * (width + 2) + (boxes.length - 1) * 3;
  const center = (text: string, size: number) => {
    const left = Math.floor((size - text.length) / 2);
    return " ".repeat(Math.max(left, 0)) + text + " ".repeat(Math.max(size - text.length - left, 0));
  };
  const top = Math.floor(width / 2);
  const bar = (left: string, middle: string, right: string) =>
    `${left}${"─".repeat(top)}${middle}${"─".repeat(width - top - 1)}${right}`;
  return [
    row(() => bar("┌", "─", "┐")),
    row((b) => `│${center(b.role, width)}│`),
    row((b) => `│${center(b.address, width)}│`),
    row(() => bar("└", "┬", "┘")),
    row((b) => center(b.port, width + 2)),
    `┌${boxes
      .map(() => bar("─", "┴", "─"))
      .join("───")
      .slice(1, -1)}┐`,
    `│${center(`bridge ${bridge.ifname}  ${addressOn(host, bridge.ifname)}`, inside - 2)}│`,
    `│${center(`host   published: ${notes.published}`, inside - 2)}│`,
    `└${"─".repeat(inside - 2)}┘`,
  ]
    .map((line) => `  ${line.trimEnd()}`)
    .join("\n");
}

function addressOn(where: Namespace, link: string): string {
  const [found] = json<AddrJson>(where, ["ip", "-j", "addr", "show", "dev", link]);
  const v4 = found?.addr_info.find((a) => a.family === "inet");
  return v4 ? `${v4.local}/${v4.prefixlen}` : "no address";
}

function json<T>(where: Namespace, command: string[]): T[] {
  return JSON.parse(checked(where.run(command)));
}

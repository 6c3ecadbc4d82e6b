import { TC_H } from "./constants.ts";

/** `1:30` to 0x10030; `1:` is the qdisc, `root` and `ingress` have their own numbers. Hexadecimal, as in tc(8). */
export function parseHandle(text: string): number {
  if (text === "root") return TC_H.ROOT;
  if (text === "ingress" || text === "clsact") return TC_H.INGRESS;
  const match = /^([0-9a-f]{1,4}):([0-9a-f]{0,4})$/i.exec(text);
  if (!match) throw new TypeError(`"${text}" is no handle (form: 1:30, hexadecimal)`);
  const [major, minor] = [match[1] ?? "", match[2] || "0"];
  return Number.parseInt(major, 16) * 0x10000 + Number.parseInt(minor, 16);
}

export function formatHandle(handle: number): string {
  if (handle === TC_H.ROOT) return "root";
  if (handle === TC_H.INGRESS) return "ingress";
  const minor = handle & 0xffff;
  return `${(handle >>> 16).toString(16)}:${minor === 0 ? "" : minor.toString(16)}`;
}

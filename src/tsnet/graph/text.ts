import { styled, type Terminal } from "../terminal.ts";
import { cutTo, printable } from "../text.ts";
import type { Box, Face, Picture } from "./model.ts";
import { type Words, wordsFor } from "./words.ts";

interface Node {
  readonly text: string;
  readonly children: readonly Node[];
}

/** The picture as trees: each namespace with its links, ports below their bridge, and what hangs at the other end. */
export function textPicture(picture: Picture, terminal: Terminal): string {
  const words = wordsFor(picture);
  const drawn = new Set<string>();
  const order = [...picture.namespaces].sort((a, b) => rank(b, words) - rank(a, words));
  let text = "";
  for (const box of order) {
    if (drawn.has(box.id)) continue;
    drawn.add(box.id);
    const title = `${box.label}${box.own ? " *" : ""}`;
    const rest = box.owner === "" ? "" : `  ${box.owner}`;
    const line = fit(printable(title + rest), terminal);
    text += text === "" ? "" : "\n";
    text += `${styled(terminal, "bold", line)}\n${branches(boxNodes(box, words, drawn), "", terminal)}`;
  }
  return text;
}

/** The host first, then those that most others hang on. */
const rank = (box: Box, words: Words): number =>
  box.host ? Number.MAX_SAFE_INTEGER : box.faces.reduce((n, face) => n + words.others(face.id).length, 0);

function boxNodes(box: Box, words: Words, drawn: Set<string>, from?: string): Node[] {
  const ports = Map.groupBy(box.faces, (face) => face.master);
  const here = new Set(box.faces.map((face) => face.id));
  const node = (face: Face): Node => ({
    text: words.face(face),
    children: [...(ports.get(face.id) ?? []).map(node), ...otherEnds(face, box, words, drawn, from)],
  });
  return [
    ...box.faces.filter((face) => face.id !== from && !(face.master !== undefined && here.has(face.master))).map(node),
    ...[...box.waysOut.map(words.wayOut), ...words.notes(box)].map(leaf),
    ...box.remarks.map((remark) => leaf(`! ${remark.about}: ${remark.text}`)),
  ];
}

const leaf = (text: string): Node => ({ text, children: [] });

function otherEnds(face: Face, box: Box, words: Words, drawn: Set<string>, from: string | undefined): Node[] {
  return words.others(face.id).flatMap((id): Node[] => {
    const other = words.faces.get(id);
    if (!other || id === from) return [];
    const at = other.box.id === box.id ? "" : `${other.box.label}: `;
    const text = `⇄ ${at}${words.face(other.face)}`;
    if (other.box.id === box.id || drawn.has(other.box.id)) return [leaf(text)];
    drawn.add(other.box.id);
    const owner = other.box.owner === "" ? "" : `  (${other.box.owner})`;
    return [{ text: text + owner, children: boxNodes(other.box, words, drawn, id) }];
  });
}

function branches(nodes: readonly Node[], indent: string, terminal: Terminal): string {
  return nodes
    .map(({ text, children }, i) => {
      const last = i === nodes.length - 1;
      const line = fit(`${indent}${last ? "└─" : "├─"} ${printable(text)}`, terminal);
      return `${line}\n${branches(children, `${indent}${last ? "   " : "│  "}`, terminal)}`;
    })
    .join("");
}

const fit = (line: string, { columns }: Terminal): string => (columns === undefined ? line : cutTo(line, columns));

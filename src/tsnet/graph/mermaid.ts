import { printable } from "../text.ts";
import type { Picture } from "./model.ts";
import { cutText } from "./tile.ts";
import { wordsFor } from "./words.ts";

/** Text within a label of Mermaid: what is not plain goes as a number, so that nothing of it is syntax or markup. */
export const mermaidText = (text: string): string =>
  printable(cutText(text))
    .toWellFormed()
    .replace(/[^\p{L}\p{N} .:/_,()→←⇄…-]/gu, (c) => `#${c.codePointAt(0)};`);

/** The picture as a flowchart of Mermaid: a subgraph for each namespace. */
export function mermaidPicture(picture: Picture): string {
  const words = wordsFor(picture);
  const id = (face: string): string => `f${face.replace(":", "_")}`;
  const lines = ["flowchart LR"];
  for (const box of picture.namespaces) {
    const title = `${box.label}${box.owner === "" ? "" : ` ${box.owner}`}`;
    lines.push(`  subgraph n${box.id}["${mermaidText(title)}"]`);
    for (const face of box.faces) lines.push(`    ${id(face.id)}["${mermaidText(words.face(face))}"]`);
    const notes = [...box.waysOut.map(words.wayOut), ...words.notes(box)];
    for (const [i, note] of notes.entries()) lines.push(`    n${box.id}_${i}>"${mermaidText(note)}"]`);
    if (box.faces.length + notes.length === 0) lines.push(`    n${box.id}_0["no interfaces"]`);
    lines.push("  end");
    for (const { id: face, master } of box.faces)
      if (master && words.faces.has(master)) lines.push(`  ${id(master)} --- ${id(face)}`);
  }
  for (const { kind, from, to } of picture.wires)
    if (words.faces.has(from) && words.faces.has(to)) lines.push(`  ${id(from)} ---|"${mermaidText(kind)}"| ${id(to)}`);
  return `${lines.join("\n")}\n`;
}

import { sha256 } from "../../plugin/owner.ts";
import type { Drawing } from "./layout.ts";
import type { Picture } from "./model.ts";
import { markup, STYLE, svgElement } from "./svg.ts";
import { cutText } from "./tile.ts";
import { wordsFor } from "./words.ts";

const PAGE = `${STYLE}
body{font:15px system-ui,sans-serif;margin:1rem;color:#1d2733;background:#fff}
figure{margin:0;overflow:auto}
#fit:checked~figure svg{max-width:100%;max-height:94vh;width:auto;height:auto}
a:focus-visible .box{stroke-width:3}
section:target{outline:2px solid #9a7b26}
h2{font-size:1rem;margin:1.2rem 0 .3rem}
li,p{overflow-wrap:anywhere}
`;

/** A page without script or anything from elsewhere; its boxes are links to what is known about each, by Tab and Enter too. */
export function htmlPicture(picture: Picture, drawing: Drawing): string {
  const words = wordsFor(picture);
  const text = (from: string): string => markup(cutText(from, 500));
  const about = picture.namespaces.map((box) => {
    const lines = [
      ...box.faces.map((face) => `${words.face(face)}${face.alias === undefined ? "" : `  (${face.alias})`}`),
      ...box.waysOut.map(words.wayOut),
      ...words.notes(box),
      ...box.remarks.map((remark) => `${remark.about}: ${remark.text}`),
    ];
    return `<section id="about-${box.id}" tabindex="-1"><h2>${text(box.label)}</h2><p>${text(box.owner)}</p><ul>${lines
      .map((line) => `<li>${text(line)}</li>`)
      .join("")}</ul><p><a href="#picture">back to the picture</a></p></section>`;
  });
  const hash = Buffer.from(sha256(PAGE), "hex").toString("base64");
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'"><title>tsnet graph</title><style>${PAGE}</style></head>
<body><h1>Network namespaces</h1><input type="checkbox" id="fit"><label for="fit">fit the window</label><figure id="picture" tabindex="0">
${svgElement(drawing, "", true)}</figure>
${about.join("\n")}
</body></html>
`;
}

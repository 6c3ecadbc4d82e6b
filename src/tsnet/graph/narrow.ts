import type { Picture } from "./model.ts";

/** Only what these namespaces have to do with: they, the other ends of their links, and what those stand on or are ports of. */
export function narrow(picture: Picture, ids: ReadonlySet<string>): Picture {
  const whole = (face: string): boolean => ids.has(face.split(":")[0] ?? "");
  const kept = new Set<string>();
  const wires = picture.wires.filter(({ from, to }) => whole(from) || whole(to));
  for (const { from, to } of wires) kept.add(from).add(to);
  for (const { faces, waysOut } of picture.namespaces) {
    const masters = faces.filter((face) => kept.has(face.id)).map((face) => face.master);
    if (masters.length === 0) continue;
    for (const face of [...masters, ...waysOut.map((way) => way.face)]) if (face !== undefined) kept.add(face);
  }
  const boxes = picture.namespaces.map((box) =>
    ids.has(box.id)
      ? box
      : {
          ...box,
          faces: box.faces.filter((face) => kept.has(face.id)),
          published: box.published.filter(({ face }) => face !== undefined && whole(face)),
          masquerades: box.masquerades.filter(({ face }) => face !== undefined && whole(face)),
        },
  );
  return { ...picture, namespaces: boxes.filter((box) => ids.has(box.id) || box.faces.length > 0), wires };
}

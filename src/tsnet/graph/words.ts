import type { Box, Face, Picture, WayOut } from "./model.ts";

/** What is said about the parts of a picture, the same in all of its forms. */
export interface Words {
  /** `eth0 10.1.0.2/24` */
  face(face: Face): string;
  /** The same word by word. */
  pieces(face: Face): string[];
  wayOut(way: WayOut): string;
  /** Lines below the title of a box. */
  notes(box: Box): string[];
  readonly faces: ReadonlyMap<string, { readonly face: Face; readonly box: Box }>;
  /** Other ends of a face's wires. */
  others(face: string): readonly string[];
}

const MOST_ADDRESSES = 4;
const MOST_PEERS = 8;
const few = (all: readonly string[], most: number): readonly string[] =>
  all.length <= most ? all : [...all.slice(0, most), `+${all.length - most}`];

export function wordsFor(picture: Picture): Words {
  const faces = new Map(
    picture.namespaces.flatMap((box) => box.faces.map((face) => [face.id, { face, box }] as const)),
  );
  const others = new Map<string, string[]>();
  for (const { from, to } of picture.wires)
    for (const [a, b] of [
      [from, to],
      [to, from],
    ] as const) {
      const list = others.get(a);
      if (list) list.push(b);
      else others.set(a, [b]);
    }
  const published = Map.groupBy(
    picture.namespaces.flatMap((box) => box.published),
    (port) => port.face,
  );
  const masqueraded = new Set(picture.namespaces.flatMap((box) => box.masquerades.map((each) => each.face)));
  const pieces = (face: Face): string[] =>
    [
      face.name,
      face.kind === "veth" || face.kind === "hardware" ? "" : face.kind,
      ...few(face.addresses, MOST_ADDRESSES),
      face.vxlan ? `vni ${face.vxlan.vni ?? "?"} port ${face.vxlan.port ?? "?"}` : "",
      face.vxlan && face.vxlan.peers.length > 0 ? `peers ${few(face.vxlan.peers, MOST_PEERS).join(" ")}` : "",
      masqueraded.has(face.id) ? "masqueraded" : "",
      face.up ? "" : "down",
      face.elsewhere ? "other end out of sight" : "",
      ...(published.get(face.id) ?? []).map((port) => `← ${port.host} → :${port.target.split(":").at(-1)}`),
    ].filter((word) => word !== "");
  return {
    faces,
    others: (id) => others.get(id) ?? [],
    pieces,
    face: (face) => pieces(face).join("  "),
    wayOut: ({ via, face, table, family }) =>
      `default${family === 6 ? " (IPv6)" : ""}${via === undefined ? "" : ` via ${via}`}${
        face === undefined ? "" : ` on ${faces.get(face)?.face.name ?? "?"}`
      }${table === undefined ? "" : ` in table ${table}`}`,
    notes: (box) => [
      ...box.masquerades
        .filter(({ face }) => face === undefined)
        .map(({ source, by }) => `masquerade (${by}): ${source}`),
      ...box.published
        .filter(({ face }) => face === undefined)
        .map(({ host, target, by }) => `published (${by}): ${host}${target === "" ? "" : ` → ${target}`}`),
    ],
  };
}

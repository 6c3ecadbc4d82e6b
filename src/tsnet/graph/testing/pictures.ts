/** Pictures to draw. Run as a program it writes the one of the documentation: `scripts/bun src/tsnet/graph/testing/pictures.ts` */
import { layOut } from "../layout.ts";
import type { Box, Face, Picture } from "../model.ts";
import { svgPicture } from "../svg.ts";

export const face = (id: string, name: string, more: Partial<Face> = {}): Face => ({
  ...{ id, name, kind: "veth", up: true, addresses: [], alias: undefined, master: undefined },
  ...{ elsewhere: false, vxlan: undefined, ...more },
});

export const box = (id: string, label: string, faces: readonly Face[], more: Partial<Box> = {}): Box => ({
  ...{ id, label, owner: "", host: false, own: false, faces },
  ...{ waysOut: [], published: [], masquerades: [], remarks: [], ...more },
});

/** A host with bridges and containers on them, a router between two namespaces, a VXLAN peer and a gateway. */
export function sample(bridges: number, each: number, name = (b: number, i: number) => `c${b}-${i}`): Picture {
  const hostFaces: Face[] = [face("1:1", "eth0", { kind: "hardware", addresses: ["192.0.2.1/24"] })];
  const namespaces: Box[] = [];
  const wires: Picture["wires"][number][] = [];
  for (let b = 0; b < bridges; b++) {
    const bridge = `1:${100 * (b + 1)}`;
    hostFaces.push(face(bridge, `br${b}`, { kind: "bridge", addresses: [`10.${b}.0.1/16`] }));
    for (let i = 1; i <= each; i++) {
      const id = `${1000 * (b + 1) + i}`;
      hostFaces.push(face(`1:${100 * (b + 1) + i}`, `v${b}-${i}`, { master: bridge }));
      namespaces.push(box(id, name(b, i), [face(`${id}:2`, "eth0", { addresses: [`10.${b}.0.${i + 1}/16`] })]));
      wires.push({ kind: "veth", from: `${id}:2`, to: `1:${100 * (b + 1) + i}` });
    }
  }
  hostFaces.push(
    face("1:90", "vx", { kind: "vxlan", vxlan: { vni: 7, port: 4789, peers: ["192.0.2.9"] } }),
    face("1:91", "r0"),
  );
  namespaces.push(box("2", "router", [face("2:2", "a"), face("2:3", "b")]), box("3", "behind", [face("3:2", "c")]));
  namespaces.push(box("4", "lonely", []));
  wires.push({ kind: "veth", from: "1:91", to: "2:2" }, { kind: "veth", from: "2:3", to: "3:2" });
  const waysOut = [{ family: 4, face: "1:1", via: "192.0.2.254", gateway: undefined, table: undefined }] as const;
  return { version: 1, namespaces: [box("1", "host", hostFaces, { host: true, waysOut }), ...namespaces], wires };
}

/** The one of the documentation: two networks, one container on both, one on a macvlan, a VXLAN peer and a gateway. */
export function example(): Picture {
  const host: Face[] = [
    face("1:2", "eth0", { kind: "hardware", addresses: ["192.0.2.10/24"] }),
    face("1:3", "cni-shop", { kind: "bridge", addresses: ["10.1.0.1/24"] }),
    face("1:4", "cni-mail", { kind: "bridge", addresses: ["10.2.0.1/24"] }),
    face("1:5", "vx7", { kind: "vxlan", vxlan: { vni: 7, port: 4789, peers: ["192.0.2.20"] } }),
  ];
  const namespaces: Box[] = [];
  const wires: Picture["wires"][number][] = [];
  const put = (label: string, nets: readonly { readonly net: 1 | 2; readonly at: number }[], port?: string): Face[] => {
    const id = String(namespaces.length + 2);
    const faces = nets.map(({ net, at }, i): Face => {
      const end = face(`1:${host.length + 2}`, `veth${id}${net}`, { master: `1:${net + 2}` });
      host.push(end);
      wires.push({ kind: "veth", from: end.id, to: `${id}:${i + 2}` });
      return face(`${id}:${i + 2}`, `eth${i}`, { addresses: [`10.${net}.0.${at}/24`] });
    });
    const [first] = nets;
    const [eth0] = faces;
    const masquerades = faces.map(({ id, addresses }) => ({ source: addresses[0] ?? "", face: id, by: "tsnet" }));
    const published =
      port === undefined
        ? []
        : [{ protocol: "tcp", host: `tcp 0.0.0.0:${port}`, target: ":80", face: eth0?.id, by: "tsnet" }];
    all.masquerades.push(...masquerades);
    all.published.push(...published);
    const waysOut = [
      {
        family: 4,
        face: eth0?.id,
        via: `10.${first?.net}.0.1`,
        gateway: `1:${(first?.net ?? 1) + 2}`,
        table: undefined,
      },
    ] as const;
    namespaces.push(box(id, label, faces, { owner: `tsbox ${id.repeat(12).slice(0, 12)}`, waysOut }));
    return faces;
  };
  const all = { published: [] as Box["published"][number][], masquerades: [] as Box["masquerades"][number][] };
  put("web", [{ net: 1, at: 2 }], "8080");
  put("db", [{ net: 1, at: 3 }]);
  put("cache", [{ net: 1, at: 4 }]);
  put(
    "proxy",
    [
      { net: 1, at: 5 },
      { net: 2, at: 5 },
    ],
    "8443",
  );
  put("mail", [{ net: 2, at: 2 }]);
  put("spam", [{ net: 2, at: 3 }]);
  const lan = face("9:2", "eth0", { kind: "macvlan", addresses: ["192.0.2.50/24"] });
  wires.push({ kind: "macvlan", from: lan.id, to: "1:2" });
  const gateway = (at: string) =>
    [{ family: 4, face: at, via: "192.0.2.1", gateway: undefined, table: undefined }] as const;
  namespaces.push(box("9", "lan", [lan], { owner: "podman 999999999999", waysOut: gateway(lan.id) }));
  const first = box("1", "host", host, { ...all, host: true, own: true, waysOut: gateway("1:2") });
  return { version: 1, namespaces: [first, ...namespaces], wires };
}

if (import.meta.main)
  await Bun.write(`${import.meta.dir}/../../../../docs/graph.svg`, svgPicture(await layOut(example())));

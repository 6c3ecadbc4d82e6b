import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { CniError } from "../errors.ts";
import { findNetwork, listNetworks, loadNetworkList } from "./config-dir.ts";
import { parseNetworkList } from "./config-list.ts";
import { findPlugin } from "./find.ts";
import { makePlace } from "./testing/place.ts";

const parse = (list: object): ReturnType<typeof parseNetworkList> =>
  parseNetworkList(new TextEncoder().encode(JSON.stringify(list)));
const plugins = [{ type: "a" }];

describe("a list's version", () => {
  const rows: [object, string][] = [
    [{}, "0.1.0"],
    [{ cniVersion: "" }, "0.1.0"],
    [{ cniVersion: "0.4.0" }, "0.4.0"],
    [{ cniVersion: "2.0.0" }, "2.0.0"],
    [{ cniVersions: ["0.3.1", "1.1.0", "1.0.0"] }, "1.1.0"],
    [{ cniVersion: "0.4.0", cniVersions: ["1.0.0", "9.0.0"] }, "1.0.0"],
    [{ cniVersion: "1.1.0", cniVersions: ["1.0.0"] }, "1.1.0"],
    [{ cniVersion: "2.0.0", cniVersions: ["1.0.0"] }, "1.0.0"],
    [{ cniVersion: "2.0.0", cniVersions: ["3.0.0"] }, "2.0.0"],
    [{ cniVersion: "0.3.1", cniVersions: [] }, "0.3.1"],
  ];
  for (const [members, wanted] of rows)
    test(`${JSON.stringify(members)} is ${wanted}`, () => {
      expect(parse({ name: "n", plugins, ...members }).cniVersion).toBe(wanted);
    });
});

describe("a list's booleans", () => {
  for (const [value, wanted] of [
    [true, true],
    ["TRUE", true],
    ["False", false],
    [false, false],
  ] as const)
    test(`${JSON.stringify(value)} is ${wanted}`, () => {
      const list = parse({ name: "n", plugins, disableCheck: value, disableGC: value });
      expect([list.disableCheck, list.disableGC]).toEqual([wanted, wanted]);
    });
});

describe("lists that are refused", () => {
  const rows: [object | string, string][] = [
    [{}, "error parsing configuration list: no name"],
    [{ name: 3, plugins }, 'error parsing configuration list: key "name": need a string, have 3'],
    [{ name: "n", plugins: [] }, "error parsing configuration list: no plugins in list"],
    [{ name: "n", plugins: {} }, 'key "plugins": need a list, have an object'],
    [{ name: "n", plugins: ["x"] }, 'key "plugins[0]": need an object, have "x"'],
    [{ name: "n", plugins: [{}] }, "plugin config 0: error parsing configuration: missing 'type'"],
    [{ name: "n", plugins: [{ type: 5 }] }, 'plugin config 0: key "type": need a string, have 5'],
    [{ name: "n", plugins, cniVersion: 1 }, 'key "cniVersion": need a string, have 1'],
    [{ name: "n", plugins, cniVersions: "1.0.0" }, 'key "cniVersions": need a list, have "1.0.0"'],
    [{ name: "n", plugins, cniVersions: [1] }, 'key "cniVersions[0]": need a string, have 1'],
    [{ name: "n", plugins, cniVersions: ["x"] }, 'cannot parse CNI version "x"'],
    [{ name: "n", plugins, disableCheck: "yes" }, 'key "disableCheck": need true or false, have "yes"'],
    [{ name: "n", plugins, disableGC: null }, 'key "disableGC": need true or false, have null'],
    [{ name: "n", loadOnlyInlinedPlugins: true }, 'there is no key "plugins"'],
  ];
  for (const [list, message] of rows)
    test(JSON.stringify(list), () => expect(() => parse(list as object)).toThrow(message));
});

describe("looking up a network", () => {
  const list = (name: string, members: object = {}): string => JSON.stringify({ name, plugins, ...members });

  test("lists come before single plugins, and the first of its name counts", () => {
    using place = makePlace();
    const { files } = place.runtime.host;
    place.write("net.d/10-b.conf", '{"name":"n","cniVersion":"0.4.0","type":"single"}');
    place.write("net.d/30-a.conflist", list("n", { cniVersion: "0.4.0" }));
    place.write("net.d/20-a.conflist", list("n", { cniVersion: "1.0.0" }));
    place.write("net.d/00-x.conflist~", "not looked at");
    mkdirSync(`${place.folder}/net.d/00-folder.conflist`);
    expect(findNetwork(files, `${place.folder}/net.d`, "n").cniVersion).toBe("1.0.0");
  });
  test("a single plugin becomes a list of one", () => {
    using place = makePlace();
    place.write(
      "net.d/x.json",
      '{"name":"n","type":"single","cniVersion":"0.4.0","capabilities":{"mac":true,"x":false}}',
    );
    const found = findNetwork(place.runtime.host.files, `${place.folder}/net.d`, "n");
    expect(found).toMatchObject({
      name: "n",
      cniVersion: "0.4.0",
      plugins: [{ type: "single", capabilities: ["mac"] }],
    });
    expect(JSON.parse(new TextDecoder().decode(found.bytes)).plugins).toHaveLength(1);
  });
  test("the side folder is appended, only *.conf, by name", () => {
    using place = makePlace();
    const { files } = place.runtime.host;
    const path = place.write("net.d/n.conflist", list("n"));
    place.write("net.d/n/2.conf", '{"type":"c"}');
    place.write("net.d/n/1.conf", '{"type":"b"}');
    place.write("net.d/n/0.json", '{"type":"x"}');
    expect(loadNetworkList(files, path).plugins.map((plugin) => plugin.type)).toEqual(["a", "b", "c"]);
    const inlined = place.write("net.d/o.conflist", list("n", { loadOnlyInlinedPlugins: "true" }));
    expect(loadNetworkList(files, inlined).plugins.map((plugin) => plugin.type)).toEqual(["a"]);
    const none = place.write("net.d/p.conflist", '{"name":"p"}');
    expect(() => loadNetworkList(files, none)).toThrow("no plugin configs found");
    place.write("net.d/p/1.conf", '{"type":"b"}');
    expect(loadNetworkList(files, none).plugins.map((plugin) => plugin.type)).toEqual(["b"]);
  });
  test("a file before it that cannot be parsed is an error, and named", () => {
    using place = makePlace();
    const { files } = place.runtime.host;
    place.write("net.d/10.conflist", "{");
    place.write("net.d/20.conflist", list("n"));
    const folder = `${place.folder}/net.d`;
    expect(() => findNetwork(files, folder, "n")).toThrow(`${folder}/10.conflist: cannot decode`);
    expect(listNetworks(files, folder).map(({ network }) => network instanceof CniError)).toEqual([true, false]);
  });
  test("nothing there, and nothing of that name", () => {
    using place = makePlace();
    const { files } = place.runtime.host;
    const folder = `${place.folder}/net.d`;
    expect(() => findNetwork(files, folder, "n")).toThrow(`no net configurations found in ${folder}`);
    place.write("net.d/20.conflist", list("m"));
    expect(() => findNetwork(files, folder, "n")).toThrow(`no net configuration with name "n" in ${folder}`);
  });
});

describe("finding a plugin", () => {
  test("the first regular file counts, executable or not", () => {
    using place = makePlace();
    const { files } = place.runtime.host;
    mkdirSync(`${place.folder}/a/p`, { recursive: true });
    place.write("b/p", "");
    place.plugin("p", "");
    const folders = [`${place.folder}/none`, `${place.folder}/a`, `${place.folder}/b`, `${place.folder}/bin`];
    expect(findPlugin(files, "p", folders)).toBe(`${place.folder}/b/p`);
    expect(() => findPlugin(files, "q", folders)).toThrow(`failed to find plugin "q" in path [${folders.join(" ")}]`);
  });
  test("a name is not a path", () => {
    using place = makePlace();
    const { files } = place.runtime.host;
    expect(() => findPlugin(files, "../bin/p", ["/"])).toThrow("invalid plugin name: ../bin/p");
    expect(() => findPlugin(files, "", ["/"])).toThrow("no plugin name provided");
    expect(() => findPlugin(files, "p", [])).toThrow("no paths provided");
  });
});

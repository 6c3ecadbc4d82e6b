import { describe, expect, test } from "bun:test";
import { violations } from "./check-layers.ts";
import { importsOf } from "./layers.ts";

const reasons = (files: Record<string, string>): string[] =>
  violations(new Map(Object.entries(files))).map(({ file, line, specifier }) => `${file}:${line} ${specifier}`);

describe("imports that are refused", () => {
  const refused: [string, string, string][] = [
    ["up: the codec imports the kernel's verbs", "src/netlink/wire/u8.ts", "../../kernel/link.ts"],
    ["up: messages import the socket", "src/netlink/rtnl/link.ts", "../socket/request.ts"],
    ["up: the specification imports a plugin", "src/cni/frame.ts", "../../plugins/bridge/add.ts"],
    ["up: a type counts as well", "src/kernel/link.ts", "../plugin/ipam.ts"],
    ["up: native imports anything", "native/load.ts", "../src/cni/errors.ts"],
    ["up: a plugin imports a command", "plugins/bridge/add.ts", "../../src/tsnet/ports.ts"],
    ["up: a plugin imports the composition root", "plugins/bridge/add.ts", "../../src/main.ts"],
    ["sideways: message families", "src/netlink/rtnl/link.ts", "../nft/rule.ts"],
    ["sideways: plugins", "plugins/bridge/add.ts", "../portmap/add.ts"],
    ["sideways: a plugin and an IPAM plugin", "plugins/bridge/add.ts", "../../ipam/host-local/add.ts"],
    ["sideways: commands", "src/tsnet/ports.ts", "../tsbox/run.ts"],
    ["sideways: plugin toolkit and lease store", "src/plugin/steps.ts", "../../ipam/store/lease.ts"],
    ["up: addresses import the specification", "src/ip/cidr.ts", "../cni/errors.ts"],
    ["the codec imports native", "src/netlink/wire/u8.ts", "../../../native/addon.ts"],
    ["verbs import the specification", "src/kernel/link.ts", "../cni/errors.ts"],
    ["code imports what stands outside", "src/kernel/link.ts", "../../scripts/layers.ts"],
    ["code imports a test's helper", "src/kernel/link.ts", "./testing/namespace.ts"],
    ["a test reaches up as little as its code", "src/kernel/link.test.ts", "../../plugins/bridge/add.ts"],
    ["a file in no layer", "src/stray.ts", "./kernel/link.ts"],
  ];
  for (const [name, file, specifier] of refused) {
    test(name, () => {
      expect(reasons({ [file]: `import type { A } from "${specifier}";` })).toEqual([`${file}:1 ${specifier}`]);
    });
  }
});

describe("imports that are allowed", () => {
  const allowed: [string, string][] = [
    ["src/netlink/wire/attrs.ts", "./u8.ts"],
    ["src/netlink/wire/address.ts", "../../ip/text.ts"],
    ["src/cni/result.ts", "../ip/index.ts"],
    ["ipam/store/ranges.ts", "../../src/ip/index.ts"],
    ["src/netlink/socket/request.ts", "../wire/u8.ts"],
    ["src/netlink/nft/expr/cmp.ts", "../../wire/u8.ts"],
    ["src/netlink/index.ts", "./nft/rule.ts"],
    ["src/cni/frame.ts", "../../native/addon.ts"],
    ["src/kernel/link.ts", "../netlink/rtnl/link.ts"],
    ["src/plugin/steps.ts", "../cni/errors.ts"],
    ["ipam/host-local/add.ts", "../store/lease.ts"],
    ["plugins/bridge/add.ts", "../../src/plugin/steps.ts"],
    ["src/tsnet/cni.ts", "../../plugins/bridge/add.ts"],
    ["src/main.ts", "./tsnet/cni.ts"],
    ["src/kernel/link.test.ts", "./testing/namespace.ts"],
    ["src/kernel/link.test.ts", "../../netns-tests/support/skip.ts"],
    ["netns-tests/bridge.test.ts", "../src/main.ts"],
    ["examples/list-links.ts", "../src/netlink/index.ts"],
  ];
  for (const [file, specifier] of allowed) {
    test(`${file} → ${specifier}`, () => {
      expect(reasons({ [file]: `import { a } from "${specifier}";` })).toEqual([]);
    });
  }
});

describe("what a plugin loads at its start", () => {
  test("a node: module far below it is found", () => {
    expect(
      reasons({
        "plugins/bridge/add.ts": 'import { up } from "../../src/kernel/link.ts";',
        "src/kernel/link.ts": '\nimport { join } from "node:path";',
      }),
    ).toEqual(["src/kernel/link.ts:2 node:path"]);
  });
  test("a package is found, types of it and lazy imports are not", () => {
    expect(
      reasons({
        "src/main.ts": 'import "pino";\nimport type { X } from "y";\nconst t = await import("./tsnet/cni.ts");',
        "src/tsnet/cni.ts": 'import "node:fs";',
      }),
    ).toEqual(["src/main.ts:1 pino"]);
  });
  test("tests may load what they like", () => {
    expect(reasons({ "plugins/bridge/add.test.ts": 'import { join } from "node:path";' })).toEqual([]);
  });
});

describe("importsOf", () => {
  test("finds every form, with its line", () => {
    const source = [
      'import a from "./a.ts";',
      "import {\n  b,\n  type C,\n} from './b.ts';",
      'export * from "./c.ts";',
      'export type { D } from "./d.ts";',
      'import "./e.ts";',
      'const f = await import("./f.ts");',
      'type G = import("./g.ts").G;',
    ].join("\n");
    expect(importsOf(source).map(({ specifier, line }) => `${line} ${specifier}`)).toEqual([
      "1 ./a.ts",
      "2 ./b.ts",
      "6 ./c.ts",
      "7 ./d.ts",
      "8 ./e.ts",
      "9 ./f.ts",
      "10 ./g.ts",
    ]);
  });
  test("comments, and strings that hold comment signs, do not mislead it", () => {
    const source = `/* import "./no.ts"; */\n// import "./no.ts";\nconst u = "http://x";\nimport "./yes.ts";`;
    expect(importsOf(source).map(({ specifier }) => specifier)).toEqual(["./yes.ts"]);
  });
});

import { describe, expect, test } from "bun:test";
import type { Command } from "commander";
import { loadNative } from "../../native/load.ts";
import { commandLine } from "./main.ts";
import { NO_TERMINAL } from "./terminal.ts";
import { tsnet } from "./testing/surroundings.ts";

function* words(command: Command, path: readonly string[] = []): Generator<string[]> {
  yield [...path];
  for (const child of command.commands) yield* words(child, [...path, child.name()]);
}

const all = [
  ...words(
    await commandLine({
      plugins: {},
      ipams: {},
      native: loadNative(),
      env: {},
      cwd: "/",
      ownFolder: "/nowhere",
      terminal: NO_TERMINAL,
      out: () => {},
      err: () => {},
    }),
  ),
];

describe("every word", () => {
  for (const path of all)
    test(`tsnet ${path.join(" ")} --help shows an example of itself`, async () => {
      const { exit, out } = await tsnet([...path, "--help"]);
      expect(exit).toBe(0);
      expect(out).toMatch(new RegExp(`Examples?:\\n(  \\$ .*\\n)*  \\$ .*tsnet ${path.join(" ")}\\b`));
    });

  for (const path of all)
    test(`tsnet ${path.join(" ")} refuses an unknown option with status 2`, async () => {
      const { exit, out, err } = await tsnet([...path, "--no-such-thing"]);
      expect(exit).toBe(2);
      expect(out).toBe("");
      expect(err).toContain("unknown option '--no-such-thing'");
      expect(err).toContain("--help shows how");
    });
});

const refused: readonly [args: string[], says: RegExp][] = [
  [[], /Usage: tsnet/],
  [["cnj"], /Did you mean cni\?/],
  [["cni"], /Usage: tsnet cni/],
  [["cni", "ad"], /Did you mean add\?/],
  [["cni", "add", "web"], /missing required argument 'netns'/],
  [["cni", "add", "web", "/run/netns/a", "b"], /too many arguments/],
  [["cni", "add", "web", "/run/netns/a", "--jsn"], /Did you mean --json\?/],
];

describe("a wrong command line ends with status 2 and a hint", () => {
  for (const [args, says] of refused)
    test(`tsnet ${args.join(" ")}`, async () => {
      const { exit, out, err } = await tsnet(args);
      expect(exit).toBe(2);
      expect(out).toBe("");
      expect(err).toMatch(says);
      expect(err).not.toContain("    at ");
    });
});

test("--version prints the release", async () => {
  const { exit, out } = await tsnet(["--version"]);
  expect(exit).toBe(0);
  expect(out).toMatch(/^v?\d+\.\d+\.\d+\n$/);
});

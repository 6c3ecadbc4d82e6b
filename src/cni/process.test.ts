import { afterAll, beforeAll, describe, expect } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadNative } from "../../native/load.ts";
import { lacksRoot, testUnless } from "../../netns-tests/support/skip.ts";
import { ADD_ENV } from "./testing/call.ts";

const native = loadNative();
const folder = mkdtempSync(join(tmpdir(), "tsnet-frame-"));
const netns = join(folder, `t${randomBytes(4).toString("hex")}`);
const file = join(folder, "file");
const mark = join(folder, "mark");
const CONF = '{"cniVersion":"1.0.0","name":"net"}';

beforeAll(() => {
  if (lacksRoot === undefined) native.netnsCreate(netns);
  writeFileSync(file, "");
});
afterAll(() => {
  if (lacksRoot === undefined) native.netnsDelete(netns);
  rmSync(folder, { recursive: true });
});

interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs the plugin through a shell, which adds the redirections. */
function run(env: Record<string, string>, redirections = "", stdin = CONF): Outcome {
  const command = `"$0" "$1" ${redirections}`;
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [
      "/bin/bash",
      "-o",
      "pipefail",
      "-c",
      command,
      process.execPath,
      join(import.meta.dirname, "testing/plugin-main.ts"),
    ],
    {
      env: { ...ADD_ENV, CNI_NETNS: netns, DEL_MARK: mark, ...env },
      cwd: folder,
      stdin: new TextEncoder().encode(stdin),
    },
  );
  return { exitCode: exitCode ?? -1, stdout: stdout.toString(), stderr: stderr.toString() };
}

describe("a plugin's process", () => {
  testUnless(lacksRoot, "enters a real namespace, by an absolute or a relative path", () => {
    for (const path of [netns, netns.slice(folder.length + 1)]) {
      const { exitCode, stdout } = run({ CNI_NETNS: path });
      expect([exitCode, JSON.parse(stdout).interfaces]).toEqual([0, [{ name: "eth0", sandbox: netns }]]);
    }
  });

  const noNamespaces: [string, string][] = [
    ["missing", join(folder, "missing")],
    ["below a file", join(file, "x")],
    ["a plain file", file],
    ["a folder", folder],
    ["a device", "/dev/null"],
    ["a namespace of another kind", "/proc/self/ns/mnt"],
    ["the host's own", "/proc/self/ns/net"],
    ["of a process that is gone", "/proc/4194304/ns/net"],
  ];
  for (const [name, path] of noNamespaces)
    testUnless(lacksRoot, `a path that is ${name}: ADD is code 8, DEL cleans up without it`, () => {
      const added = run({ CNI_NETNS: path });
      expect([added.exitCode, JSON.parse(added.stdout).code]).toEqual([1, 8]);
      const deleted = run({ CNI_NETNS: path, CNI_COMMAND: "DEL" });
      expect([deleted, readFileSync(mark, "utf8")]).toEqual([{ exitCode: 0, stdout: "", stderr: "" }, "netns="]);
    });

  for (const redirection of [">/dev/full", "| true"])
    testUnless(lacksRoot, `with ${redirection} ADD fails and is taken back`, () => {
      writeFileSync(mark, "");
      const { exitCode, stderr } = run({}, redirection);
      expect([exitCode, readFileSync(mark, "utf8")]).toEqual([1, `netns=${netns}`]);
      expect(stderr).toContain("test: cannot write the answer to stdout: ");
    });
  testUnless(lacksRoot, "with stderr closed everything works", () => {
    expect(run({}, "2>&-").exitCode).toBe(0);
    expect(run({ CNI_COMMAND: "" }, "2>&-").exitCode).toBe(0);
  });
  testUnless(lacksRoot, "with stdin closed there is no configuration", () => {
    expect(JSON.parse(run({}, "<&-").stdout)).toMatchObject({ code: 6 });
  });
  testUnless(lacksRoot, "with a folder as stdin the error says so", () => {
    expect(JSON.parse(run({}, "</tmp").stdout)).toMatchObject({ code: 5, details: expect.stringContaining("EISDIR") });
  });
  testUnless(lacksRoot, "more than 16 MiB on stdin is refused", () => {
    const { exitCode, stdout } = run({}, "", `{"name":"net","x":"${"y".repeat(17 * 1024 * 1024)}"}`);
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([1, { code: 5, details: expect.stringContaining("EFBIG") }]);
  });
  testUnless(lacksRoot, "a deeply nested document is refused, one less deep is not", () => {
    const nested = (depth: number): string =>
      `{"name":"net","cniVersion":"1.0.0","x":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(JSON.parse(run({}, "", nested(200_000)).stdout).code).toBe(6);
    expect(run({}, "", nested(9_000)).exitCode).toBe(0);
  });
});

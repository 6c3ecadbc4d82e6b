import { expect } from "bun:test";
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { appendFile, chmod, cp, mkdir, mkdtemp, readdir, readlink, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { IPAMS, PLUGINS } from "../../src/main/registry.ts";
import { makeNetns } from "../support/netns.ts";
import { outside } from "../support/place.ts";
import { hasReference, REFERENCE_DIR } from "../support/plugin-dirs.ts";
import { must, run } from "../support/run.ts";
import { lacksCommand, testUnless } from "../support/skip.ts";
import { asNobody, lacksTsnet, TSNET } from "./tsnet.ts";

/** Every plugin of the executable has its launcher in the folder. */
const NAMES = Object.keys({ ...PLUGINS, ...IPAMS }).sort();
const OURS = [...NAMES, "tsnet", "tsnet-bun", "tsnet-cni", "tsnet.node"].sort();

/** A folder of root's alone, as /opt/cni/bin is. */
async function folders() {
  const top = await mkdtemp(join(tmpdir(), "tsnet-install-"));
  const binDir = join(top, "cni/bin");
  return {
    top,
    binDir,
    install: (...args: string[]) => run([TSNET, "install", "--bin-dir", binDir, ...args], { timeoutMs: 60_000 }),
    uninstall: (...args: string[]) => run([TSNET, "uninstall", "--bin-dir", binDir, ...args]),
    [Symbol.asyncDispose]: () => rm(top, { recursive: true, force: true }),
  };
}

/** A plugin that stands in for the reference's: answers VERSION and nothing else. */
async function putReference(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of ["bridge", "portmap", "theirs"]) {
    await Bun.write(
      join(folder, name),
      `#!/bin/sh\necho '{"cniVersion":"1.0.0","supportedVersions":["1.0.0","${name}"]}'\n`,
    );
    await chmod(join(folder, name), 0o755);
  }
}

async function versionOf(binDir: string, name: string): Promise<string> {
  const ran = await run([join(binDir, name)], { env: { CNI_COMMAND: "VERSION" } });
  if (ran.code !== 0) throw new Error(`${name}: exit ${ran.code}\n${ran.stderr}${ran.stdout}`);
  return ran.stdout;
}

const filesOf = async (folder: string): Promise<string[]> => (await readdir(folder)).sort();

testUnless(lacksTsnet, "install makes a plugin folder of root's own whose plugins answer", async () => {
  await using f = await folders();
  const dry = await f.install("--dry-run");
  expect(dry.stdout).toContain("nothing was done");
  expect(existsSync(f.binDir)).toBe(false);

  const ran = await f.install("--command-dir", join(f.top, "bin"));
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  expect(ran.stdout).toContain(`${NAMES.length} plugins installed`);
  expect(await filesOf(f.binDir)).toEqual([".tsnet", ...OURS]);
  for (const name of OURS) {
    const { uid, gid, mode } = lstatSync(join(f.binDir, name));
    expect([name, uid, gid, (mode & 0o7777).toString(8)]).toEqual([name, 0, 0, name === "tsnet.node" ? "644" : "755"]);
  }
  for (const name of NAMES) expect(await versionOf(f.binDir, name)).toContain('"1.1.0"');
  // The link leads the command to the plugins beside it.
  expect(await must([join(f.top, "bin/tsnet"), "cni", "version", "bridge"], { env: {} })).toContain(
    `${f.binDir}/bridge`,
  );

  expect((await f.install("--command-dir", join(f.top, "bin"), "--json")).stdout).not.toMatch(/"(new|update|replace)"/);
  expect((await f.uninstall("--command-dir", join(f.top, "bin"))).code).toBe(0);
  expect(await filesOf(f.binDir)).toEqual([]);
  expect(await filesOf(join(f.top, "bin"))).toEqual([]);
});

testUnless(lacksTsnet, "other programs' plugins are kept, and put back by uninstall", async () => {
  await using f = await folders();
  await putReference(f.binDir);
  await symlink("theirs", join(f.binDir, "static"));
  const before = await filesOf(f.binDir);
  expect((await f.install()).stdout).toContain("replaces another program's");
  expect(await filesOf(join(f.binDir, ".tsnet/replaced"))).toEqual(["bridge", "portmap", "static"]);
  expect(await versionOf(f.binDir, "theirs")).toContain("theirs");
  // An upgrade of ours keeps what the first one kept; a package that came over ours is kept instead.
  await appendFile(join(f.binDir, "bridge"), "older");
  await Bun.write(join(f.binDir, "portmap"), "#!/bin/sh\necho newer\n");
  expect((await f.install()).code).toBe(0);
  expect(await readlink(join(f.binDir, ".tsnet/replaced/static"))).toBe("theirs");

  const json = JSON.parse((await f.uninstall("--dry-run", "--json")).stdout) as { files: { action: string }[] };
  expect(json.files.map(({ action }) => action).sort()).toEqual([
    ...["put back", "put back", "put back"],
    ...OURS.slice(3).map(() => "removed"),
  ]);
  expect((await f.uninstall()).code).toBe(0);
  expect(await filesOf(f.binDir)).toEqual(before);
  expect(await versionOf(f.binDir, "bridge")).toContain('"bridge"');
  expect(await versionOf(f.binDir, "static")).toContain('"theirs"');
  expect(readFileSync(join(f.binDir, "portmap"), "utf8")).toContain("newer");
  expect(await f.uninstall()).toMatchObject({ code: 1, stdout: "" });
});

/** The system calls that change which files a folder has. */
const CHANGES = ["rename", "link", "unlink", "unlinkat"];
/** Each of them takes a while, so that others see every state in between. */
const SLOWED = [
  ...["strace", "-qq", "-o", "/dev/null"],
  ...["-e", `trace=${CHANGES}`, "-e", `inject=${CHANGES}:delay_exit=15000`],
];

testUnless(
  [lacksTsnet, lacksCommand("strace"), hasReference ? undefined : "the reference plugins are not installed"],
  "a plugin called at any moment of installs over a running version works",
  async () => {
    await using f = await folders();
    // Not scripts: a shell opens its script anew by name.
    await mkdir(f.binDir, { recursive: true });
    for (const name of ["bridge", "portmap"]) await cp(join(REFERENCE_DIR, name), join(f.binDir, name));
    // Another build: its addon and launcher have other bytes, and do the same.
    const other = join(f.top, "other");
    await cp(dirname(TSNET), other, { recursive: true });
    await appendFile(join(other, "tsnet.node"), "\n");
    await appendFile(join(other, "tsnet"), "\n");
    let done = false;
    let calls = 0;
    const caller = (async () => {
      for (; !done; calls++) for (const name of ["bridge", "portmap"]) await versionOf(f.binDir, name);
    })();
    try {
      for (let round = 0; round < 6; round++) {
        const ran = await run([
          ...SLOWED,
          join(round % 2 === 0 ? other : dirname(TSNET), "tsnet"),
          "install",
          "--bin-dir",
          f.binDir,
        ]);
        expect(ran).toMatchObject({ code: 0, stderr: "" });
        expect(ran.stdout).toMatch(round % 3 === 0 ? /bridge +replaces/ : /bridge +updated/);
        if (round % 3 === 2) expect((await run([...SLOWED, TSNET, "uninstall", "--bin-dir", f.binDir])).code).toBe(0);
      }
    } finally {
      done = true;
      await caller;
    }
    expect(calls).toBeGreaterThan(5);
  },
  120_000,
);

testUnless(
  [lacksTsnet, lacksCommand("strace")],
  "killed at any change of the folder, every plugin still works, and the next install completes it",
  async () => {
    await using f = await folders();
    for (const word of ["install", "uninstall"])
      for (const call of CHANGES)
        for (let nth = 1; ; nth++) {
          await rm(f.binDir, { recursive: true, force: true });
          await putReference(f.binDir);
          if (word === "uninstall") expect((await f.install()).code).toBe(0);
          const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:signal=KILL:when=${nth}`];
          const killed = await run(["strace", "-qq", "-o", "/dev/null", ...inject, TSNET, word, "--bin-dir", f.binDir]);
          for (const name of ["bridge", "portmap", "theirs"])
            expect(await versionOf(f.binDir, name)).toContain("1.0.0");
          if (killed.code === 0) break;
          expect(killed.code).toBe(128 + 9);

          if (word === "install" || nth % 2 === 0) {
            expect((await f.install()).stdout).toContain(`${NAMES.length} plugins installed`);
            expect(await filesOf(f.binDir)).toEqual([".tsnet", ...OURS, "theirs"].sort());
            expect(await filesOf(join(f.binDir, ".tsnet"))).toEqual(["lock", "replaced"]);
            expect(await versionOf(f.binDir, "bridge")).toContain('"1.1.0"');
          }
          if (word === "install" && nth % 4 !== 0) continue;
          await f.uninstall();
          expect(await filesOf(f.binDir)).toEqual(["bridge", "portmap", "theirs"]);
          for (const name of ["bridge", "portmap"]) expect(await versionOf(f.binDir, name)).toContain(`"${name}"`);
        }
  },
  180_000,
);

testUnless(lacksTsnet, "install refuses what could not work, says why, and changes nothing", async () => {
  await using f = await folders();
  await using host = await makeNetns();
  await mkdir(f.binDir, { recursive: true });
  const refused = async (says: RegExp, cmd: readonly string[]): Promise<void> => {
    const ran = await host.run(cmd);
    expect(ran.stderr).toMatch(says);
    expect(ran.stderr).not.toMatch(/^ {4}at /m);
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(await filesOf(f.binDir)).toEqual([]);
  };
  const install = [TSNET, "install", "--bin-dir", f.binDir];
  await chmod(f.binDir, 0o777);
  await refused(/others than root may write to it(.|\n)*chmod go-w/, install);
  await chmod(f.binDir, 0o755);
  await chmod(f.top, 0o755);
  await refused(/you are not root/, asNobody(...install.slice(1)));
  await refused(/is no folder/, [TSNET, "install", "--bin-dir", "/etc/passwd"]);
  const mounted = (options: string, then: string) => [
    "unshare",
    "--mount",
    "sh",
    "-ec",
    `mount -t tmpfs -o mode=0755,${options} tmpfs ${f.binDir}; ${then}`,
  ];
  await refused(/mounted noexec/, mounted("noexec", install.join(" ")));
  // On a full disk what was begun is taken away again.
  await refused(/ENOSPC/, mounted("size=60m", `${install.join(" ")} || { ls -A ${f.binDir}/.tsnet >&2; exit 1; }`));

  // An executable that does not run is found out before anything is replaced.
  await putReference(f.binDir);
  const broken = join(f.top, "broken");
  await cp(dirname(TSNET), broken, { recursive: true });
  await Bun.write(join(broken, "tsnet.node"), "no addon");
  const ran = await outside.run([join(broken, "tsnet"), "install", "--bin-dir", f.binDir]);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain("cannot load the addon");
  expect(ran.stderr).not.toMatch(/^ {4}at /m);
  expect(await versionOf(f.binDir, "bridge")).toContain('"bridge"');
});

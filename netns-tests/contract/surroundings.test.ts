/** Plugins under odd circumstances: without rights, folders, descriptors, streams, in hostile environments, copied about. */
import { describe, expect } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CniCommand } from "../../src/cni/types.ts";
import type { PluginAnswer, PluginCall } from "../support/plugin.ts";
import { OURS_DIR } from "../support/plugin-dirs.ts";
import { must, run } from "../support/run.ts";
import { expectError } from "./answers.ts";
import { contractTest } from "./contract-test.ts";
import { eachOf } from "./each-of.ts";
import { type Bench, leftovers, makeBench, makeNetwork, type Network } from "./network.ts";
import { after, inMounts, through, withReadOnly } from "./places.ts";
import { callRaw, configOf } from "./raw.ts";
import { subject } from "./subjects/index.ts";

/** Beside /tmp, which some of the tests take away. */
const ROOT = "/var/tmp";
const WHICH = "bridge with a default gateway and masquerading, v4 and v6";

interface Setting {
  readonly bench: Bench;
  readonly network: Network;
  /** A folder of the test's own. */
  readonly scratch: string;
  call(command: CniCommand, more?: Partial<PluginCall>): Promise<PluginAnswer>;
}

async function inSetting(work: (setting: Setting) => Promise<void>): Promise<void> {
  await using bench = await makeBench(ROOT);
  const network = makeNetwork(bench, subject(WHICH));
  const scratch = mkdtempSync(join(ROOT, "contract-scratch-"));
  try {
    const { at } = await network.newContainer("one");
    let previous = {};
    await work({
      bench,
      network,
      scratch,
      async call(command, more = {}) {
        const parameters = command === "STATUS" ? {} : { containerId: "one", netns: at.netns, ifName: "eth0" };
        const answer = await callRaw(network, command, configOf(network, previous), { ...parameters, ...more });
        if (command === "ADD" && answer.code === 0) previous = { prevResult: answer.json };
        return answer;
      },
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** ADD, CHECK, STATUS and DEL, as if nothing were odd. */
async function expectLife({ bench, network, call }: Setting, more: Partial<PluginCall>): Promise<void> {
  const before = await bench.snapshot();
  const added = await call("ADD", more);
  expect(added).toMatchObject({ code: 0 });
  expect(added.json?.["cniVersion"]).toBe("1.1.0");
  for (const command of ["CHECK", "STATUS", "DEL", "DEL"] as const)
    expect({ command, ...(await call(command, more)) }).toMatchObject({ command, code: 0, stdout: "" });
  expect(leftovers(before, await bench.snapshot(), network.subject)).toEqual([]);
}

interface Odd {
  readonly name: string;
  readonly make: (setting: Setting) => Promise<Partial<PluginCall>> | Partial<PluginCall>;
}

/** What it must not do: run code, or read settings, of the folder or the environment it is called from. */
const trap = (file: string, marker: string): string => {
  writeFileSync(file, `require("fs").writeFileSync(${JSON.stringify(marker)}, "sprung")`);
  return file;
};

/** Another /tmp; the plugins stand elsewhere, wherever they are. */
const withTmp = (name: string, options: string): Odd => ({
  name: `/tmp ${name}`,
  make: ({ bench, scratch }) => {
    const folder = join(scratch, "bin");
    mkdirSync(folder);
    const script = `mount --bind ${OURS_DIR} ${folder} && mount -t tmpfs -o ${options} t /tmp && exec ${folder}/bridge`;
    return { path: [folder], dir: OURS_DIR, host: inMounts(bench, script) };
  },
});

const WORKS: readonly Odd[] = [
  withTmp("read-only", "ro,size=4k"),
  withTmp("noexec", "noexec"),
  {
    name: "/run read-only",
    make: ({ bench }) => ({
      host: inMounts(bench, 'mount --rbind /run /run && mount -o remount,bind,ro /run && exec "$@"'),
    }),
  },
  {
    name: "HOME that is nowhere",
    make: () => ({ env: { HOME: "/nowhere", TMPDIR: "/nowhere", XDG_CACHE_HOME: "/nowhere" } }),
  },
  { name: "no PATH", make: ({ bench }) => ({ host: through(bench, "env", "-u", "PATH") }) },
  { name: "stderr closed", make: ({ bench }) => ({ host: after(bench, 'exec "$@" 2>&-') }) },
  { name: "stderr full", make: ({ bench }) => ({ host: after(bench, 'exec "$@" 2>/dev/full') }) },
  {
    name: "a current folder that is deleted",
    make: ({ bench, scratch }) => ({
      host: after(bench, `mkdir ${scratch}/d && cd ${scratch}/d && rmdir ${scratch}/d && exec "$@"`),
    }),
  },
  { name: "64 open files at most", make: ({ bench }) => ({ host: after(bench, 'ulimit -n 64 && exec "$@"') }) },
  { name: "umask 077", make: ({ bench }) => ({ host: after(bench, 'umask 077 && exec "$@"') }) },
  {
    name: "all signals blocked or ignored",
    make: ({ bench }) => ({ host: after(bench, "trap '' HUP INT TERM PIPE CHLD && exec \"$@\"") }),
  },
  { name: "stdin byte by byte", make: ({ bench }) => ({ host: after(bench, 'dd bs=1 status=none | "$@"') }) },
  {
    name: "an environment that means to change the runtime",
    make: ({ scratch }) => {
      const file = trap(join(scratch, "trap.js"), join(scratch, "sprung"));
      return {
        env: {
          BUN_OPTIONS: `--preload ${file}`,
          BUN_BE_BUN: "1",
          BUN_INSPECT: "127.0.0.1:0",
          BUN_INSPECT_PRELOAD: file,
          BUN_CONFIG_VERBOSE_FETCH: "curl",
          NODE_OPTIONS: `--require ${file}`,
          MIMALLOC_VERBOSE: "1",
          MIMALLOC_SHOW_STATS: "1",
        },
      };
    },
  },
  {
    name: "bunfig.toml, .env and package.json in the current folder",
    make: ({ scratch }) => {
      const file = trap(join(scratch, "trap.js"), join(scratch, "sprung"));
      writeFileSync(join(scratch, "bunfig.toml"), `preload = [${JSON.stringify(file)}]\n`);
      for (const name of [".env", ".env.local", ".env.production"])
        writeFileSync(join(scratch, name), "CNI_COMMAND=VERSION\nCNI_IFNAME=other\nBUN_BE_BUN=1\n");
      writeFileSync(join(scratch, "package.json"), '{"type":"nonsense"}');
      writeFileSync(join(scratch, "tsconfig.json"), "nonsense");
      return { cwd: scratch };
    },
  },
];

const PLUGIN_FOLDERS: readonly Odd[] = [
  ["cp -r", 'cp -r "$1" "$2"'],
  ["cp -L", 'mkdir "$2" && cp -L "$1"/* "$2"'],
  ["a container's copy step", 'mkdir "$2" && tar -C "$1" -cf - . | tar -C "$2" -xf -'],
].map(
  ([name = "", script = ""]): Odd => ({
    name: `after ${name}`,
    make: async ({ scratch }) => {
      const folder = join(scratch, "bin");
      await must(["sh", "-ec", script, "sh", OURS_DIR ?? "", folder]);
      return { path: [folder] };
    },
  }),
);

const LINKED: readonly Odd[] = [
  {
    name: "through a symbolic link to the folder",
    make: async ({ scratch }) => {
      await must(["ln", "-s", OURS_DIR ?? "", join(scratch, "bin")]);
      return { path: [join(scratch, "bin")] };
    },
  },
  {
    name: "through a symbolic link to each executable",
    make: async ({ scratch }) => {
      await must(["sh", "-ec", 'mkdir "$2" && ln -s "$1"/* "$2"', "sh", OURS_DIR ?? "", join(scratch, "bin")]);
      return { path: [join(scratch, "bin")] };
    },
  },
  {
    name: "on a read-only bind mount",
    make: ({ bench, scratch }) => {
      const folder = join(scratch, "bin");
      mkdirSync(folder);
      const script = `mount --bind ${OURS_DIR} ${folder} && mount -o remount,bind,ro ${folder} && exec ${folder}/bridge`;
      return { path: [folder], dir: OURS_DIR, host: inMounts(bench, script) };
    },
  },
];

const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"];

describe("a plugin works", () => {
  for (const [about, odd] of [
    ["under odd circumstances", WORKS],
    ["wherever its folder was copied", PLUGIN_FOLDERS],
    ["behind links and mounts", LINKED],
  ] as const)
    contractTest(`${about}, ${odd.length} of them`, () =>
      eachOf(
        odd,
        ({ name }) => name,
        ({ make }) =>
          inSetting(async (setting) => {
            await expectLife(setting, await make(setting));
            expect(existsSync(join(setting.scratch, "sprung"))).toBe(false);
          }),
      ),
    );
});

describe("a plugin fails in words", () => {
  contractTest("without rights, and changes nothing", () =>
    inSetting(async ({ bench, call: callAny }) => {
      // Where nobody can reach it, whatever folder this clone lies in.
      const open = mkdtempSync("/tmp/tsnet-open-");
      using _removed = { [Symbol.dispose]: () => rmSync(open, { recursive: true }) };
      chmodSync(open, 0o755);
      await must(["cp", "-r", OURS_DIR ?? "", join(open, "bin")]);
      const call = (command: CniCommand, more: Partial<PluginCall> = {}) =>
        callAny(command, { path: [join(open, "bin")], ...more });
      const before = await bench.snapshot();
      const host = through(bench, ...NOBODY);
      for (const command of ["ADD", "STATUS"] as const) {
        const error = expectError(await call(command, { host }));
        expect(`${error.msg} ${error.details}`).toMatch(/EPERM|EACCES|CAP_|permi|runs as root/i);
      }
      expect(leftovers(before, await bench.snapshot(), { stays: [] })).toEqual([]);
      expect(await call("ADD")).toMatchObject({ code: 0 });
      expectError(await call("DEL", { host }));
      expect(await call("CHECK")).toMatchObject({ code: 0 });
      expect(await call("DEL")).toMatchObject({ code: 0 });
      expect(await call("VERSION", { host })).toMatchObject({ code: 0 });
    }),
  );

  contractTest("when stdin is closed, a folder, endless or no text", () =>
    inSetting(async ({ bench, call }) => {
      const before = await bench.snapshot();
      const streams: readonly [string, readonly number[]][] = [
        ["<&-", [5, 6]],
        ["</tmp", [5]],
        ["</dev/zero", [5, 6]],
        ["</dev/null", [6]],
        ["</bin/sh", [6]],
      ];
      for (const [redirection, codes] of streams) {
        const error = expectError(await call("ADD", { host: after(bench, `exec "$@" ${redirection}`) }));
        expect({ redirection, known: codes.includes(error.code) }).toEqual({ redirection, known: true });
      }
      expect(leftovers(before, await bench.snapshot(), { stays: [] })).toEqual([]);
    }),
  );

  contractTest("when nobody can read its answer: ADD is taken back", () =>
    inSetting(async ({ bench, network, call }) => {
      const before = await bench.snapshot();
      for (const script of ['exec "$@" >&-', 'exec "$@" >/dev/full', '{ "$@"; echo $? >&2; } | true']) {
        const answer = await call("ADD", { host: after(bench, script) });
        if (script.includes("|")) expect(answer.stderr).toEndWith("\n1\n");
        else expect({ script, ...answer }).toMatchObject({ script, code: 1 });
        expect(leftovers(before, await bench.snapshot(), network.subject)).toEqual([]);
      }
    }),
  );

  contractTest("when the data folder cannot be written, and DEL works all the same where nothing was leased", () =>
    inSetting(async ({ bench, network, call }) => {
      mkdirSync(bench.dataDir);
      const host = withReadOnly(bench, bench.dataDir);
      const before = await bench.snapshot();
      const error = expectError(await call("ADD", { host }));
      expect(`${error.msg} ${error.details}`).toMatch(/EROFS/);
      expect(await call("DEL", { host })).toMatchObject({ code: 0 });
      expect(leftovers(before, await bench.snapshot(), network.subject)).toEqual([]);
    }),
  );

  contractTest("when a file of its own could have been written by others, or is missing", () =>
    inSetting(async ({ scratch }) => {
      const folder = join(scratch, "bin");
      await must(["cp", "-r", OURS_DIR ?? "", folder]);
      const env = { CNI_COMMAND: "VERSION", PATH: "/usr/bin:/bin" };
      const version = () => run([join(folder, "bridge")], { env });
      expect(await version()).toMatchObject({ code: 0 });
      const engine = join(folder, "tsnet-cni");
      for (const damage of [() => chmodSync(engine, 0o777), () => rmSync(engine)]) {
        damage();
        const answer = await version();
        expect(answer.code).not.toBe(0);
        expect(answer.stdout).toContain("tsnet-cni");
      }
    }),
  );
});

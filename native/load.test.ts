import { afterAll, beforeAll, expect, test } from "bun:test";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";

/** The addon found and loaded: by a compiled executable through the launcher and without it, and by Node. */

const folder = fs.mkdtempSync("/tmp/tsnet-load-");
const build = `${import.meta.dir}/build`;

beforeAll(() => {
  fs.writeFileSync(
    `${folder}/hello.ts`,
    `import { loadNative } from "${import.meta.dir}/load.ts";
     const native = loadNative();
     const text = [process.argv0, process.env["TSNET_CWD"] ?? "", native.netnsIdentity(-1)].join(" ");
     native.writeAll(1, new TextEncoder().encode(text));`,
  );
  const flags = [
    "--minify",
    "--bytecode",
    "--format=cjs",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
  ];
  execFileSync(process.execPath, ["build", "--compile", ...flags, "hello.ts", "--outfile", "tsnet-bun"], {
    cwd: folder,
    stdio: "pipe",
  });
  fs.copyFileSync(`${build}/tsnet.node`, `${folder}/tsnet.node`);
  fs.copyFileSync(`${build}/launcher`, `${folder}/tsnet`);
  fs.chmodSync(`${folder}/tsnet.node`, 0o755);
  fs.chmodSync(`${folder}/tsnet`, 0o755);
});

afterAll(() => fs.rmSync(folder, { recursive: true }));

function identity(): string {
  const st = fs.statSync("/proc/self/ns/net", { bigint: true });
  return `${st.dev}:${st.ino}`;
}

function run(file: string, env: Record<string, string> = {}) {
  return spawnSync(file, [], { cwd: folder, encoding: "utf8", env: { PATH: "/usr/bin:/bin", ...env } });
}

test("a compiled executable behind the launcher", () => {
  expect(run("./tsnet").stdout).toBe(`tsnet ${folder} ${identity()}`);
});

test("variables meant to change the runtime do nothing behind the launcher", () => {
  fs.writeFileSync(`${folder}/evil.ts`, "console.log('evil')");
  fs.writeFileSync(`${folder}/.env`, "TSNET_CWD=/evil\n");
  fs.writeFileSync(`${folder}/bunfig.toml`, 'preload = ["./evil.ts"]\n');
  const env = { BUN_OPTIONS: `--preload ${folder}/evil.ts`, BUN_BE_BUN: "1", NODE_OPTIONS: "--require ./evil.ts" };
  expect(run("./tsnet", env).stdout).toBe(`tsnet ${folder} ${identity()}`);
});

test("without the launcher owner and mode are looked at here", () => {
  expect(run("./tsnet-bun").stdout).toBe(`./tsnet-bun  ${identity()}`);
  fs.chmodSync(`${folder}/tsnet.node`, 0o775);
  expect(run("./tsnet-bun").stderr).toContain("mode 0775 lets others write it");
  fs.chmodSync(`${folder}/tsnet.node`, 0o755);
  fs.chownSync(`${folder}/tsnet.node`, 1234, 0);
  expect(run("./tsnet-bun").stderr).toContain("its owner is user 1234");
  fs.renameSync(`${folder}/tsnet.node`, `${folder}/away`);
  expect(run("./tsnet-bun").stderr).toContain("no such file");
  fs.renameSync(`${folder}/away`, `${folder}/tsnet.node`);
  fs.chownSync(`${folder}/tsnet.node`, 0, 0);
});

test.skipIf(Bun.which("node") === null)("under Node", () => {
  const script = `
    const module = { exports: {} };
    process.dlopen(module, "${build}/tsnet.node");
    const n = module.exports;
    const all = Array.from({ length: 100 }, () => n.sysctlGetAsync(-1, "kernel/ostype"));
    Promise.all(all).then((values) => console.log(n.netnsIdentity(-1), new Set(values).size, values[0]));
    try { n.readFile("/none", 1); } catch (e) { console.log(e.message); }`;
  expect(execFileSync("node", ["-e", script], { encoding: "utf8" })).toBe(
    `open "/none": ENOENT: No such file or directory\n${identity()} 1 Linux\n`,
  );
});

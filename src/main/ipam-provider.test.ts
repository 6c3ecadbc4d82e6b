import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadNative } from "../../native/load.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { ipamProvider } from "./ipam-provider.ts";

/** In-process the address comes from the config, executed it comes from the script below. */
const IN_PROCESS = "192.0.2.1/24";
const EXECUTED = "192.0.2.2/24";
const SCRIPT = `#!/bin/sh
echo "environment: $(env | grep -c -e ^TSNET_) $NODE_NAME" >&2
echo '{"cniVersion":"1.0.0","ips":[{"address":"${EXECUTED}"}]}'
`;

let root = "";
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "ipam-provider-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A plugin folder with our launcher as `bridge`, and `static` made by `put`. */
function folder(name: string, put: (path: string, launcher: string) => void): string {
  const path = join(root, name);
  mkdirSync(path);
  const launcher = join(path, "bridge");
  writeFileSync(launcher, "our launcher", { mode: 0o755 });
  put(join(path, "static"), launcher);
  return path;
}

const ours = (path: string, launcher: string): void => cpSync(launcher, path);
const foreign = (path: string): void => writeFileSync(path, SCRIPT, { mode: 0o755 });

/** The address that `static` gives to a bridge of `own`, called with these folders as CNI_PATH. */
async function addressFrom(
  own: string,
  cniPath: readonly string[],
  hear: (text: string) => void = () => {},
): Promise<string | undefined> {
  const native = loadNative();
  const raw = { type: "bridge", ipam: { type: "static", addresses: [{ address: IN_PROCESS }] } };
  const conf = { cniVersion: "1.0.0", name: "n", type: "bridge", raw } as const;
  const note = (): void => {};
  const env = { PATH: process.env["PATH"], NODE_NAME: "node-1", TSNET_LAUNCHED: "1" };
  const stdin = new TextEncoder().encode(JSON.stringify({ ...raw, cniVersion: "1.0.0", name: "n" }));
  const call = { command: "ADD", env, cwd: "/", stdin, note, cniPath } as const;
  const quiet = { ...native, writeAll: (_fd: number, bytes: Uint8Array) => hear(new TextDecoder().decode(bytes)) };
  const surroundings = { native: quiet, ownLauncher: `${own}/bridge`, call };
  const ipam = ipamProvider(surroundings, { host: {} as Kernel, note }).of("static");
  const result = await ipam.add({ conf, containerId: "c", ifName: "eth0", netns: "/x", args: "" });
  return result.ips?.[0]?.address;
}

test("our IPAM beside us runs in this process, as copy and as hard link", async () => {
  const copied = folder("copied", ours);
  const linked = folder("linked", (path, launcher) => linkSync(launcher, path));
  for (const own of [copied, linked]) expect(await addressFrom(own, [own])).toBe(IN_PROCESS);
});

test("so it does in another folder", async () => {
  const own = folder("own", foreign);
  const other = folder("other", ours);
  expect(await addressFrom(own, [join(root, "absent"), other])).toBe(IN_PROCESS);
});

test("somebody else's of that name is executed, in our own folder too", async () => {
  const own = folder("mixed", foreign);
  expect(await addressFrom(own, [own])).toBe(EXECUTED);
});

test("one file that is all plugins of somebody else's is not our launcher", async () => {
  const own = folder("multi", (path, launcher) => {
    writeFileSync(launcher, SCRIPT.padEnd(100_000, "\n"), { mode: 0o755 });
    linkSync(launcher, path);
  });
  expect(await addressFrom(own, [own])).toBe(EXECUTED);
});

test("what is executed inherits the environment without what our launcher put into it", async () => {
  const own = folder("inherits", foreign);
  const said: string[] = [];
  await addressFrom(own, [own], (text) => void said.push(text));
  expect(said.join("")).toBe("environment: 0 node-1\n");
});

test("what it says on a stderr that nobody reads stops nothing", async () => {
  const own = folder("mute", foreign);
  const broken = (): void => {
    throw Object.assign(new Error("write: EPIPE"), { op: "write", errno: 32, code: "EPIPE" });
  };
  expect(await addressFrom(own, [own], broken)).toBe(EXECUTED);
});

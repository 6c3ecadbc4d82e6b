import { expect } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./lab.ts";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

/** Docker's 14: capabilities(7), by their numbers. */
const DEFAULT = 0xa80425fbn;
const BIT = { CHOWN: 0n, NET_ADMIN: 12n, SYS_TIME: 25n } as const;

/** Fields of /proc/PID/status of a container that was started with the options. */
async function status(lab: Lab, ...options: string[]): Promise<Record<string, string>> {
  await lab.ok("run", "-d", "--name", "rights", "--network", "none", ...options, "box", "sleep", "60");
  const text = await lab.read(`/proc/${await lab.pidOf("rights")}/status`);
  await lab.ok("rm", "-f", "rights");
  return Object.fromEntries(text.split("\n").map((line) => line.split(/:\s+/, 2) as [string, string]));
}
const mask = (text: string | undefined): bigint => BigInt(`0x${text}`);

test("run --cap-add: in all three sets, and only those", async (lab) => {
  const seen = await status(lab, "--cap-add", "NET_ADMIN", "--cap-add", "cap_sys_time");
  const wanted = DEFAULT | (1n << BIT.NET_ADMIN) | (1n << BIT.SYS_TIME);
  expect([seen["CapBnd"], seen["CapPrm"], seen["CapEff"]].map(mask)).toEqual([wanted, wanted, wanted]);
  expect([seen["CapInh"], seen["CapAmb"]].map(mask)).toEqual([0n, 0n]);
});

test("run --cap-drop: one of them, or ALL before what is added", async (lab) => {
  expect(mask((await status(lab, "--cap-drop", "CHOWN"))["CapBnd"])).toBe(DEFAULT & ~(1n << BIT.CHOWN));
  const seen = await status(lab, "--cap-drop", "ALL", "--cap-add", "CHOWN");
  expect([seen["CapBnd"], seen["CapEff"]].map(mask)).toEqual([1n << BIT.CHOWN, 1n << BIT.CHOWN]);
  const wrong = await lab.tsbox(["run", "--rm", "--cap-add", "NET_ADMN", "box", "true"]);
  expect([wrong.code, wrong.stderr]).toEqual([125, expect.stringContaining("NET_ADMN")]);
});

test("run --privileged: every capability we have, no filter, nothing masked, the host's devices", async (lab) => {
  const own = mask(/^CapBnd:\s*(\w+)$/m.exec(await lab.read("/proc/self/status"))?.[1]);
  const seen = await status(lab, "--privileged");
  expect(mask(seen["CapBnd"])).toBe(own);
  expect(seen["Seccomp"]).toBe("0");
  await lab.ok("run", "-d", "--name", "p", "--privileged", "--network", "none", "box", "sleep", "60");
  const mounts = await lab.read(`/proc/${await lab.pidOf("p")}/mountinfo`);
  expect(mounts).not.toMatch(/ \/proc\/kcore /);
  expect(mounts).toMatch(/ \/sys rw/);
  await lab.ok("rm", "-f", "p");
});

test("without options: a filter, masked and read-only paths, few devices", async (lab) => {
  const seen = await status(lab);
  expect([seen["Seccomp"], seen["NoNewPrivs"], mask(seen["CapEff"])]).toEqual(["2", "0", DEFAULT]);
  await lab.ok("run", "-d", "--name", "plain", "--network", "none", "box", "sleep", "60");
  const mounts = await lab.read(`/proc/${await lab.pidOf("plain")}/mountinfo`);
  for (const path of ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"])
    if (existsSync(path)) expect(mounts).toContain(` ${path} `);
  for (const path of ["/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/sys"])
    if (existsSync(path)) expect(mounts).toMatch(new RegExp(` ${path} ro[, ]`));
  const devices = await lab.ok("exec", "plain", "ls", "/dev");
  expect(devices.split("\n").sort().join(" ")).toMatch(
    /^(core )?fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero$/,
  );
  expect((await lab.tsbox(["exec", "plain", "mknod", "/tmp/sda", "b", "8", "0"])).code).toBe(0);
  expect((await lab.tsbox(["exec", "plain", "cat", "/tmp/sda"])).stderr).toContain("Operation not permitted");
  await lab.ok("rm", "-f", "plain");
});

test("run --security-opt: each of the four, and no other", async (lab) => {
  expect((await status(lab, "--security-opt", "no-new-privileges"))["NoNewPrivs"]).toBe("1");
  expect((await status(lab, "--security-opt", "seccomp=unconfined"))["Seccomp"]).toBe("0");
  const profile = join(lab.folder, "profile.json");
  const rules = [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95 }];
  writeFileSync(
    profile,
    JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"], syscalls: rules }),
  );
  const ran = await lab.tsbox([
    "run",
    "--rm",
    "--network",
    "none",
    "--security-opt",
    `seccomp=${profile}`,
    "box",
    "mkdir",
    "/x",
  ]);
  expect(ran.stderr).toMatch(/not supported/);
  await lab.ok(
    "run",
    "-d",
    "--name",
    "open",
    "--network",
    "none",
    "--security-opt",
    "systempaths=unconfined",
    "box",
    "sleep",
    "60",
  );
  expect(await lab.read(`/proc/${await lab.pidOf("open")}/mountinfo`)).not.toMatch(/ \/proc\/(kcore|sys) /);
  await lab.ok("rm", "-f", "open");
  for (const option of ["apparmor=unconfined", "label=disable", "seccomp=", "nonsense", `seccomp=${lab.folder}/none`])
    expect(`${option} ${(await lab.tsbox(["run", "--rm", "--security-opt", option, "box", "true"])).code}`).toBe(
      `${option} 125`,
    );
  writeFileSync(profile, "{ nonsense");
  expect((await lab.tsbox(["run", "--rm", "--security-opt", `seccomp=${profile}`, "box", "true"])).code).toBe(125);
});

test("run --device: the node is there, and may be opened as far as it was said", async (lab) => {
  const script = "ls -l /dev/made; head -c 1 /dev/made | wc -c; echo x > /dev/made";
  const read = await lab.tsbox([
    "run",
    "--rm",
    "--network",
    "none",
    "--device",
    "/dev/kmsg:/dev/made:r",
    "box",
    "sh",
    "-c",
    script,
  ]);
  expect(read.stdout).toMatch(/1, +11/);
  expect(read.stderr).toContain("Operation not permitted");
  const absent = await lab.tsbox(["run", "--rm", "--device", "/dev/none-such", "box", "true"]);
  expect([absent.code, absent.stderr]).toEqual([125, expect.stringContaining("/dev/none-such")]);
});

nothingIsLeft();

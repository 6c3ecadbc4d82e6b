import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Lab, TSBOX, traces } from "./lab.ts";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

/** A command line, its exit status, a part of what it says. Nothing may be left of any, and no stack trace be shown. */
const ROWS: readonly (readonly [args: readonly string[], status: number, said: string])[] = [
  [[], 1, ""],
  [["nonsense"], 125, "unknown command: tsbox nonsense"],
  [["rnu"], 125, "did you mean tsbox run?"],
  [["system"], 125, "unknown command: tsbox system"],
  [["run"], 125, "IMAGE"],
  [["run", "--nmae", "x", "box", "true"], 125, "did you mean --name?"],
  [["run", "-name", "x", "box", "true"], 125, "did you mean --name?"],
  [["run", "–-name", "x", "box", "true"], 125, "typographic dash"],
  [["run", "--gpus", "all", "box", "true"], 125, "unknown option --gpus"],
  [["run", "--name"], 125, "needs a value"],
  [["run", "--name", "a b", "box", "true"], 125, "invalid value"],
  [["run", "--rm", "no-such-image", "true"], 125, "no such image"],
  [["run", "--rm", "Box", "true"], 125, "no such image"],
  [["run", "--rm", "box"], 125, "no command"],
  [["run", "--rm", "box", ""], 127, ""],
  [["run", "--rm", "box", "missing"], 127, "missing"],
  [["run", "--rm", "box", "/etc/plain"], 126, "/etc/plain"],
  [["run", "--rm", "-v", "relative:/x", "box", "true"], 125, "absolute"],
  [["run", "--rm", "-v", "/tmp:/x", "-v", "/tmp:/x", "box", "true"], 125, "two mounts"],
  [["run", "--rm", "-v", "/tmp:/proc/sys", "box", "true"], 125, "/proc/sys"],
  [["run", "--rm", "-v", "/tmp/none-such/../../proc/none/x:/y", "box", "true"], 125, "/proc"],
  [["run", "--rm", "--tmpfs", "/x:nonsense", "box", "true"], 125, "unknown option"],
  [["run", "--rm", "-m", "1m", "box", "true"], 125, "--memory"],
  [["run", "--rm", "-m", "64m", "--memory-swap", "32m", "box", "true"], 125, "--memory-swap"],
  [["run", "--rm", "--cpus", "9999", "box", "true"], 125, "--cpus"],
  [["run", "--rm", "--cpus", "1", "--cpu-quota", "5000", "box", "true"], 125, "--cpus"],
  [["run", "--rm", "--cpuset-cpus", "900", "box", "true"], 125, "--cpuset-cpus"],
  [["run", "--rm", "--network", "nowhere", "box", "true"], 125, "need bridge, none, host"],
  [["run", "--rm", "--network", "none", "-p", "80:80", "box", "true"], 125, "-p needs a network"],
  [["run", "--rm", "--network", "host", "--hostname", "x", "box", "true"], 125, "--hostname"],
  [["run", "--rm", "--network", "host", "--sysctl", "net.ipv4.ip_forward=1", "box", "true"], 125, "it is the host's"],
  [["run", "--rm", "-it", "box", "true"], 125, "not a TTY"],
  [["run", "--name", "again", "box", "missing"], 127, "missing"],
  [["run", "-d", "--name", "again", "box", "/etc/plain"], 126, "/etc/plain"],
  [["run", "--rm", "-p", "80:80:80:80", "box", "true"], 125, "need [[IP:][HOSTPORT]:]PORT"],
  [["run", "--rm", "-p", "99999:80", "box", "true"], 125, "99999"],
  [["run", "--rm", "--restart", "always", "box", "true"], 125, "--restart and --rm"],
  [["run", "--rm", "--sysctl", "kernel.core_pattern=|/x", "box", "true"], 125, "belongs to the whole machine"],
  [["run", "--rm", "--sysctl", "net.none.such=1", "box", "true"], 125, "net"],
  [["run", "--rm", "--ulimit", "nonsense=1", "box", "true"], 125, "NAME=SOFT"],
  [["run", "--rm", "--env-file", "/none/such", "box", "true"], 125, "/none/such"],
  [["run", "--rm", "-u", "no-such-user", "box", "true"], 125, "no-such-user"],
  [["run", "--rm", "-w", "relative", "box", "true"], 125, "absolute"],
  [["run", "--rm", "-w", "/etc/plain", "box", "true"], 125, "/etc/plain"],
  [["run", "--rm", "--device", "/etc/hosts", "box", "true"], 125, "no device"],
  [["create", "--frob", "box", "true"], 125, "unknown option"],
  [["start", "no-such"], 1, "no such container"],
  [["start"], 125, "CONTAINER"],
  [["stop", "no-such"], 1, "no such container"],
  [["exec", "no-such", "true"], 1, "no such container"],
  [["rm", "no-such"], 1, "no such container"],
  [["rm", "-f", "no-such"], 0, "no such container"],
  [["rm", "../../etc"], 1, "no such container"],
  [["rm", ""], 1, "no such container"],
  [["logs", "no-such"], 1, "no such container"],
  [["inspect", "no-such"], 1, "no such container or image"],
  [["rename", "no-such", "x"], 1, "no such container"],
  [["import", "/none/such", "x"], 1, "there is no file"],
  [["import", "/etc", "x"], 1, "is a folder"],
  [["import", "/dev/null", "x"], 1, "is no file"],
  [["import", "/etc/hostname", "x"], 1, "cannot read the archive"],
  [["import", "/etc/hostname", "Upper:x"], 125, "invalid image name"],
  [["rmi", "no-such"], 1, "no such image"],
  [["ps", "surplus"], 125, "no operands"],
  [["run", "--rm", "--tmpfs", "/etc/plain", "box", "true"], 125, "Not a directory"],
  [["run", "--rm", "--read-only", "-w", "/new/folder", "box", "true"], 125, 'mkdir "/new/folder": EROFS'],
  [["run", "--rm", "--sysctl", "net.ipv4.ip_forward=many", "box", "true"], 125, "EINVAL"],
];
for (const [args, status, said] of ROWS)
  test(`tsbox ${args.join(" ") || "(nothing)"} is ${status}`, async (lab) => {
    const ran = await lab.tsbox(args);
    expect([ran.code, ran.stderr]).toEqual([status, expect.stringContaining(said)]);
    // What is refused says what to do.
    if (said !== "" && status !== 0) expect(ran.stderr).toMatch(/\n {2}\S/);
    expect(ran.stderr + ran.stdout).not.toMatch(/\n\s+at |\$bunfs|undefined|\[object/);
    if (status !== 1) expect(await traces(lab)).toEqual([]);
  });

test("a port in use, by a container and by a program of the host: nothing is left, and the holder is named", async (lab) => {
  await lab.ok("run", "-d", "--name", "holder", "-p", "8085:80", "box", "sleep", "60");
  const before = await traces(lab);
  for (const options of [["--rm"], ["-d", "--rm"], ["-d", "--name", "late"]]) {
    const ran = await lab.tsbox(["run", ...options, "-p", "8085:81", "box", "true"]);
    expect([ran.code, ran.stderr]).toEqual([125, expect.stringContaining("8085")]);
    expect(await traces(lab)).toEqual(before);
  }
  const listener = lab.host.start(["busybox", "nc", "-l", "-p", "8086"]);
  await Bun.sleep(300);
  const ran = await lab.tsbox(["run", "--rm", "-p", "8086:80", "box", "true"]);
  expect([ran.code, ran.stderr]).toEqual([125, expect.stringContaining("8086/tcp of the host is in use")]);
  expect(await traces(lab)).toEqual(before);
  await lab.host.exec("sh", "-c", "kill $(ps -eo pid,args | awk '/[n]c -l -p 8086/ && !/nsenter/ {print $1}')");
  await listener.exited;
  await lab.ok("rm", "-f", "holder");
});

test("a name in use", async (lab) => {
  await lab.ok("create", "--name", "mine", "box", "true");
  const before = await traces(lab);
  const ran = await lab.tsbox(["run", "--rm", "--name", "mine", "box", "true"]);
  expect([ran.code, ran.stderr]).toEqual([125, expect.stringContaining('the name "mine" is in use')]);
  expect(await traces(lab)).toEqual(before);
  await lab.ok("rm", "mine");
});

test("an archive that ends too early, and one that would leave its folder", async (lab) => {
  const file = join(lab.folder, "bad.tar");
  await lab.host.exec(
    "sh",
    "-c",
    `cd ${lab.folder} && mkdir -p t && echo x > t/a && tar -cf - -C t . | head -c 700 > bad.tar`,
  );
  expect((await lab.tsbox(["import", file, "bad"])).stderr).toContain("cannot read the archive");
  await lab.host.exec("sh", "-c", `cd ${lab.folder} && tar -cPf bad.tar ../$(basename ${lab.folder})/t/a`);
  const ran = await lab.tsbox(["import", file, "bad"]);
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("leads out of the archive")]);
  expect(await lab.host.exec("ls", "-A", "/var/lib/tsbox/images")).not.toContain(".import");
});

/** Runs tsbox on a data folder of its own that has 2 MiB. */
async function onSmallDisk(lab: Lab, script: string): Promise<{ code: number; stderr: string }> {
  const small = `${lab.folder}/small`;
  await lab.host.exec("mkdir", "-p", small);
  const text = `mount -t tmpfs -o size=3m tmpfs ${small}; export TSBOX_DATA=${small} TSBOX_RUN=${small}/run; ${script}`;
  return lab.host.run(["unshare", "--mount", "sh", "-c", text]);
}

test("no space: for an image, for a container", async (lab) => {
  const big = `${lab.folder}/big.tar`;
  await lab.host.exec(
    "sh",
    "-c",
    `cd ${lab.folder} && mkdir -p big && head -c 6000000 /dev/zero > big/file && tar -C big -cf ${big} .`,
  );
  const image = await onSmallDisk(lab, `${TSBOX} import ${big} big; code=$?; ls -A $TSBOX_DATA/images >&2; exit $code`);
  expect([image.code, image.stderr]).toEqual([1, expect.stringMatching(/no space left for the image.*\n.*\n$/)]);
  const one = `${lab.folder}/one.tar`;
  await lab.host.exec(
    "sh",
    "-c",
    `cd ${lab.folder} && mkdir -p one/bin && cp $(command -v busybox) one/bin/ && tar -C one -cf ${one} .`,
  );
  const fill = "head -c 9000000 /dev/zero > $TSBOX_DATA/fill 2>/dev/null";
  const container = await onSmallDisk(
    lab,
    `${TSBOX} import ${one} one >/dev/null; ${TSBOX} run --rm one /bin/busybox true; ${fill}; ${TSBOX} run --rm one /bin/busybox true; code=$?; ls $TSBOX_DATA/containers >&2; exit $code`,
  );
  expect([container.code, container.stderr]).toEqual([125, expect.stringContaining("the disk is full")]);
  expect(container.stderr).not.toMatch(/[0-9a-f]{64}\n/);
});

test("no permission: another user is told so, and reads nothing", async (lab) => {
  const command = `setpriv --reuid 65534 --regid 65534 --clear-groups ${TSBOX}`;
  const ran = await lab.host.run(["sh", "-c", `${command} run --rm box true`]);
  expect([ran.code, ran.stderr]).toEqual([125, expect.stringContaining("this needs root")]);
  expect((await lab.host.run(["sh", "-c", `${command} ps -a`])).stderr).toContain("this needs root");
  expect(
    (
      await lab.host.run([
        "sh",
        "-c",
        "setpriv --reuid 65534 --regid 65534 --clear-groups ls /var/lib/tsbox/containers",
      ])
    ).code,
  ).not.toBe(0);
});

test("a read-only data folder", async (lab) => {
  const ran = await lab.host.run([
    "unshare",
    "--mount",
    "sh",
    "-c",
    `mount --bind /var/lib/tsbox /var/lib/tsbox; mount -o remount,ro,bind /var/lib/tsbox; ${TSBOX} run --rm box true`,
  ]);
  expect([ran.code, ran.stderr]).toEqual([125, expect.stringContaining("Read-only file system")]);
});

test("a damaged record is named, and does not keep the others from being listed", async (lab) => {
  const id = await lab.ok("create", "--name", "torn", "box", "true");
  await lab.ok("create", "--name", "whole", "box", "true");
  const path = `/var/lib/tsbox/containers/${id}/config.json`;
  writeFileSync(lab.host.outsidePath(path), '{"version":1,"id":');
  const ran = await lab.tsbox(["ps", "-a", "--format", "{{.Names}}"]);
  expect(ran.stdout).toBe("whole\n");
  expect(ran.stderr).toContain(path);
  await lab.ok("rm", "-f", "torn", "whole");
});

nothingIsLeft();

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import type { SystemError } from "./addon.ts";
import { isSystemError, loadNative } from "./load.ts";

const native = loadNative();
const folder = fs.mkdtempSync("/tmp/tsnet-addon-");
const netnsPath = `${folder}/t${randomBytes(4).toString("hex")}`;
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);
let netns = -1;

beforeAll(() => {
  native.netnsCreate(netnsPath);
  netns = native.netnsOpen(netnsPath);
});

afterAll(() => {
  native.closeFd(netns);
  native.netnsDelete(netnsPath);
  fs.rmSync(folder, { recursive: true });
});

/** The SystemError that `call` throws. */
function failure(call: () => unknown): SystemError {
  try {
    call();
  } catch (e) {
    if (isSystemError(e)) return e;
    throw e;
  }
  throw new Error("it did not fail");
}

const code = (call: () => unknown) => failure(call).code;

/** `struct nlmsghdr` + `struct ifinfomsg` (linux/netlink.h, linux/rtnetlink.h). */
function linkRequest(type: number, flags: number, seq: number, index = 0): Uint8Array {
  const view = new DataView(new ArrayBuffer(32));
  view.setUint32(0, 32, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, seq, true);
  view.setInt32(20, index, true);
  return new Uint8Array(view.buffer);
}
const NETLINK_NETFILTER = 12;
const RTM_GETLINK = 18;
const RTM_DELLINK = 17;
const REQUEST = 1;
const ACK = 4;
const DUMP = 0x300;

function types(answer: Uint8Array): number[] {
  const view = new DataView(answer.buffer);
  const found: number[] = [];
  for (let at = 0; at < answer.length; at += (view.getUint32(at, true) + 3) & ~3)
    found.push(view.getUint16(at + 4, true));
  return found;
}

describe("errors", () => {
  test("carry operation, errno, code and path", () => {
    const e = failure(() => native.netnsOpen("/run/no such"));
    expect(e).toBeInstanceOf(Error);
    expect({ ...e, name: e.name, message: e.message }).toEqual({
      name: "Error",
      message: 'open "/run/no such": ENOENT: No such file or directory',
      op: "open",
      errno: 2,
      code: "ENOENT",
      path: "/run/no such",
    });
    expect("path" in failure(() => native.closeFd(9999))).toBe(false);
  });

  test("a caller's bug is a TypeError or RangeError, no SystemError", () => {
    const call = (name: keyof typeof native, ...args: unknown[]): unknown => {
      const f: (...args: never[]) => unknown = native[name];
      return Reflect.apply(f, undefined, args);
    };
    expect(() => call("readAll", "0", 1)).toThrow(TypeError);
    expect(() => call("readAll", Number.NaN, 1)).toThrow(RangeError);
    expect(() => call("readAll", 0.5, 1)).toThrow(RangeError);
    expect(() => call("readAll", -1, 1)).toThrow(RangeError);
    expect(() => call("readAll", 0)).toThrow(TypeError);
    expect(() => call("netnsOpen")).toThrow(TypeError);
    expect(() => call("netnsOpen", 3)).toThrow(TypeError);
    expect(() => call("writeAll", 1, "text")).toThrow(TypeError);
    expect(() => call("writeAll", 1, new Uint16Array(2))).toThrow(TypeError);
    expect(() => call("setMtime", "/tmp", 3)).toThrow(TypeError);
    expect(() => call("setMtime", "/tmp", 2n ** 70n)).toThrow(TypeError);
    expect(() => call("stat", "/tmp", "yes")).toThrow(TypeError);
    expect(() => call("netlinkSubscribe", 1, 5)).toThrow(TypeError);
    expect(() => call("sysctlGet", -1, "a\0b")).toThrow(TypeError);
  });

  test("paths with NUL, empty and too long ones", () => {
    expect(code(() => native.readFile("/tmp\0/x", 1))).toBe("EINVAL");
    expect(code(() => native.readFile("", 1))).toBe("ENOENT");
    expect(code(() => native.readFile("x".repeat(5000), 1))).toBe("ENAMETOOLONG");
  });
});

describe("streams", () => {
  test("localConnect and localReceive", async () => {
    const path = `${folder}/socket`;
    expect(code(() => native.localConnect(path))).toBe("ENOENT");
    using server = Bun.listen({ unix: path, socket: { data: (peer, data) => void peer.write(data) } });
    const socket = native.localConnect(path);
    native.writeAll(socket, bytes("hello"));
    // The server is this thread's: it answers while a thread of the addon waits.
    expect(text(await native.localReceiveAsync(socket, 10, 5_000))).toBe("hello");
    expect(code(() => native.localReceive(socket, 10, 10))).toBe("ETIMEDOUT");
    expect(native.localReceiveAsync(socket, 10, 10)).rejects.toMatchObject({ code: "ETIMEDOUT" });
    expect(() => native.localReceive(socket, 0, 0)).toThrow(RangeError);
    native.closeFd(socket);
    server.stop(true);
    expect(code(() => native.localConnect(path))).toMatch(/ENOENT|ECONNREFUSED/);
  });

  test("readAll and writeAll", () => {
    const path = `${folder}/stream`;
    const out = fs.openSync(path, "w");
    native.writeAll(out, bytes("héllo"));
    native.writeAll(out, bytes("abc").subarray(1));
    native.closeFd(out);
    const again = fs.openSync(path, "r");
    expect(text(native.readAll(again, 100))).toBe("héllobc");
    expect(native.readAll(again, 0).length).toBe(0);
    native.closeFd(again);
    const small = fs.openSync(path, "r");
    expect(code(() => native.readAll(small, 7))).toBe("EFBIG");
    expect(code(() => native.writeAll(small, bytes("x")))).toBe("EBADF");
    native.closeFd(small);
    expect(code(() => native.closeFd(small))).toBe("EBADF");
    expect(code(() => native.readAll(small, 7))).toBe("EBADF");
  });
});

describe("network namespaces", () => {
  test("identity is that of the file", () => {
    const st = fs.statSync(netnsPath, { bigint: true });
    expect(native.netnsIdentity(netns)).toBe(`${st.dev}:${st.ino}`);
    const own = fs.statSync("/proc/self/ns/net", { bigint: true });
    expect(native.netnsIdentity(-1)).toBe(`${own.dev}:${own.ino}`);
    expect(code(() => native.netnsIdentity(9999))).toBe("EBADF");
  });

  test("create and delete refuse what is there and what is not", () => {
    expect(code(() => native.netnsCreate(netnsPath))).toBe("EEXIST");
    expect(code(() => native.netnsDelete(`${folder}/none`))).toBe("ENOENT");
    fs.writeFileSync(`${folder}/plain`, "text");
    expect(code(() => native.netnsDelete(`${folder}/plain`))).toBe("EINVAL");
    expect(code(() => native.netnsOpen(`${folder}/plain`))).toBe("EINVAL");
  });

  test("a link of another namespace's kernel is not seen: ip agrees", () => {
    const socket = native.netlinkOpen(0, netns);
    const answer = native.netlinkExchange(socket, linkRequest(RTM_GETLINK, REQUEST | DUMP, 1), 2000);
    native.closeFd(socket);
    const links: unknown = JSON.parse(execFileSync("nsenter", [`--net=${netnsPath}`, "ip", "-j", "link"]).toString());
    expect(Array.isArray(links) ? links.length : 0).toBe(types(answer).length - 1);
    expect(types(answer).at(-1)).toBe(3);
  });
});

describe("netlink", () => {
  test("acks, errors, wrong descriptors and malformed requests", () => {
    const socket = native.netlinkOpen(0, netns);
    expect(types(native.netlinkExchange(socket, linkRequest(RTM_GETLINK, REQUEST | ACK, 2, 1), 2000))).toEqual([16, 2]);
    expect(types(native.netlinkExchange(socket, linkRequest(RTM_GETLINK, REQUEST, 3, 1), 2000))).toEqual([16]);
    const refused = native.netlinkExchange(socket, linkRequest(RTM_DELLINK, REQUEST | ACK, 4, 4711), 2000);
    expect(types(refused)).toEqual([2]);
    expect(new DataView(refused.buffer).getInt32(16, true)).toBe(-19); // ENODEV
    expect(code(() => native.netlinkExchange(socket, bytes("short"), 100))).toBe("EINVAL");
    native.closeFd(socket);
    expect(code(() => native.netlinkExchange(socket, linkRequest(RTM_GETLINK, REQUEST, 3), 100))).toBe("EBADF");
    expect(code(() => native.netlinkOpen(4711, -1))).toBe("EPROTONOSUPPORT");
    const file = fs.openSync("/dev/null", "r");
    expect(failure(() => native.netlinkOpen(0, file))).toMatchObject({ op: "setns", code: "EINVAL" });
    fs.closeSync(file);
  });

  test("only messages that hold certain bytes", () => {
    const socket = native.netlinkOpen(0, netns);
    const dump = linkRequest(RTM_GETLINK, REQUEST | DUMP, 1);
    const holding = (text: string) => native.netlinkExchange(socket, dump, 2000, bytes(text));
    const all = types(native.netlinkExchange(socket, dump, 2000, undefined));
    expect(all).toContain(16);
    expect(types(holding("\x03lo\0"))).toEqual([16, 3]);
    expect(types(holding("\x07nothing"))).toEqual([3]);
    expect(types(holding("\x07nothing\x03lo\0"))).toEqual([16, 3]);
    expect(types(holding(""))).toEqual(all);
    expect(() => holding("x".repeat(1025))).toThrow(RangeError);
    native.closeFd(socket);
  });

  test("a socket closed aside is gone for us at once, and soon for the kernel", async () => {
    const socket = native.netlinkOpen(NETLINK_NETFILTER, -1);
    const [, inode = ""] = /\[(\d+)\]/.exec(fs.readlinkSync(`/proc/self/fd/${socket}`)) ?? [];
    const listed = () => new RegExp(`\\s${inode}\\s*$`, "m").test(fs.readFileSync("/proc/self/net/netlink", "utf8"));
    expect(listed()).toBe(true);
    native.netlinkCloseAside(socket);
    expect(code(() => native.netlinkExchange(socket, linkRequest(RTM_GETLINK, REQUEST, 3), 100))).toBe("EBADF");
    expect(code(() => native.netlinkCloseAside(socket))).toBe("EBADF");
    for (let n = 0; listed() && n < 200; n++) await Bun.sleep(50);
    expect(listed()).toBe(false);
    // Its pair of sockets neither stays open here.
    const next = native.netlinkOpen(NETLINK_NETFILTER, -1);
    expect(next).toBeLessThanOrEqual(socket);
    native.closeFd(next);
  });

  test("subscribe and receive", () => {
    const socket = native.netlinkOpen(0, netns);
    native.netlinkSubscribe(socket, [1]);
    expect(native.netlinkReceive(socket, 0)).toBeUndefined();
    execFileSync("nsenter", [`--net=${netnsPath}`, "ip", "link", "set", "lo", "up"]);
    const news = native.netlinkReceive(socket, 2000);
    expect(news === undefined ? [] : types(news)).toEqual([16]);
    native.closeFd(socket);
    expect(code(() => native.netlinkSubscribe(socket, [1]))).toBe("EBADF");
    expect(code(() => native.netlinkReceive(socket, 0))).toBe("EBADF");
  });
});

describe("sysctl", () => {
  test("is the namespace's own", () => {
    const before = fs.readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8");
    const other = before.trim() === "1" ? "0" : "1";
    native.sysctlSet(netns, "net/ipv4/ip_forward", other);
    expect(native.sysctlGet(netns, "net/ipv4/ip_forward")).toBe(other);
    expect(native.sysctlGet(-1, "net/ipv4/ip_forward")).toBe(before.trim());
    expect(fs.readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8")).toBe(before);
    const inside = execFileSync("nsenter", [`--net=${netnsPath}`, "cat", "/proc/sys/net/ipv4/ip_forward"]);
    expect(inside.toString().trim()).toBe(other);
  });

  test("failures name the file", () => {
    const e = failure(() => native.sysctlGet(netns, "net/ipv4/conf/eth0.5/forwarding"));
    expect([e.code, e.path]).toEqual(["ENOENT", "/proc/sys/net/ipv4/conf/eth0.5/forwarding"]);
    expect(failure(() => native.sysctlSet(netns, "net/ipv4/ip_forward", "many"))).toMatchObject({
      op: "write",
      code: "EINVAL",
    });
    expect(code(() => native.sysctlGet(netns, "../../etc/passwd"))).toBe("EINVAL");
  });
});

describe("files", () => {
  const at = (name: string) => `${folder}/${name}`;

  test("create, read, replace, link, rename, remove", () => {
    native.createFile(at("a"), bytes("one"), 0o600);
    expect(code(() => native.createFile(at("a"), bytes("two"), 0o600))).toBe("EEXIST");
    expect(text(native.readFile(at("a"), 3))).toBe("one");
    expect(code(() => native.readFile(at("a"), 2))).toBe("EFBIG");
    expect(code(() => native.readFile(folder, 2))).toBe("EINVAL");
    native.replaceFile(at("a"), bytes("two"), 0o640);
    expect(fs.readFileSync(at("a"), "utf8")).toBe("two");
    expect(fs.statSync(at("a")).mode & 0o777).toBe(0o640);
    expect(code(() => native.replaceFile(at("none/a"), bytes("x"), 0o600))).toBe("ENOENT");
    native.linkFile(at("a"), at("b"));
    expect(failure(() => native.linkFile(at("a"), at("b")))).toMatchObject({ code: "EEXIST", path: at("b") });
    native.renameFile(at("b"), at("c"));
    expect(code(() => native.renameFile(at("b"), at("c")))).toBe("ENOENT");
    native.removeFile(at("c"));
    expect(code(() => native.removeFile(at("c")))).toBe("ENOENT");
    native.removeFile(at("a"));
  });

  test("read and write in place", () => {
    native.writeAt(at("w"), 2, bytes("cd"), 0o600, false);
    native.writeAt(at("w"), 0, bytes("ab"), 0o600, false);
    expect(text(native.readAt(at("w"), 1, 2))).toBe("bc");
    native.writeAt(at("w"), 0, bytes("x"), 0o600, true);
    expect(fs.readFileSync(at("w"), "utf8")).toBe("x");
    expect(code(() => native.readAt(at("none"), 0, 1))).toBe("ENOENT");
    fs.symlinkSync(at("w"), at("w-link"));
    expect(code(() => native.writeAt(at("w-link"), 0, bytes("x"), 0o600, true))).toBe("ELOOP");
  });

  test("folders", () => {
    native.makeDirs(at("d/e/f"), 0o755);
    expect(code(() => native.makeDirs(at("w/e"), 0o755))).toBe("ENOTDIR");
    for (const name of ["1", "ü", "3"]) fs.writeFileSync(at(`d/${name}`), "");
    expect(native.listDir(at("d"), 10).sort()).toEqual(["1", "3", "e", "ü"]);
    expect(code(() => native.listDir(at("d"), 3))).toBe("EFBIG");
    expect(code(() => native.listDir(at("none"), 3))).toBe("ENOENT");
    native.removeDir(at("d/e/f"));
    expect(code(() => native.removeDir(at("d")))).toBe("ENOTEMPTY");
    native.makeDir(at("d/g"), 0o700);
    expect(native.stat(at("d/g"), false)).toMatchObject({ kind: "directory", mode: 0o700 });
    expect(code(() => native.makeDir(at("d/g"), 0o700))).toBe("EEXIST");
    expect(code(() => native.makeDir(at("d/h/i"), 0o700))).toBe("ENOENT");
    native.removeDir(at("d/g"));
  });

  test("what is there can be synced, file, folder or file system; what is not cannot", () => {
    fs.writeFileSync(at("sync"), "x");
    for (const [path, whole] of [
      [at("sync"), false],
      [at("."), false],
      [at("."), true],
    ] as const)
      native.sync(path, whole);
    expect(code(() => native.sync(at("none"), false))).toBe("ENOENT");
  });

  test("a device program that is none is refused before the kernel sees it, a missing cgroup is named", () => {
    const exit = new Uint8Array([0xb7, 0, 0, 0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);
    expect(code(() => native.cgroupDeviceAttach(at("none"), exit))).toBe("ENOENT");
    for (const length of [0, 7, 9])
      expect(code(() => native.cgroupDeviceAttach(folder, exit.slice(0, length)))).toBe("EINVAL");
  });

  test("what is no terminal has no size and cannot be made raw", () => {
    const fd = fs.openSync("/dev/null", "r");
    expect(native.ttySize(fd)).toBeUndefined();
    expect(code(() => native.ttyRaw(fd))).toBe("ENOTTY");
    expect(code(() => native.ttyRestore(fd, new Uint8Array(3)))).toBe("EINVAL");
    fs.closeSync(fd);
  });

  test("stat, times, links, rights", () => {
    fs.writeFileSync(at("s"), "12345");
    native.setMtime(at("s"), 1_700_000_000_123_456_789n);
    const st = fs.statSync(at("s"), { bigint: true });
    expect(native.stat(at("s"), true)).toEqual({
      kind: "file",
      mode: Number(st.mode & 0o7777n),
      uid: Number(st.uid),
      size: 5,
      dev: st.dev,
      ino: st.ino,
      mtimeNs: 1_700_000_000_123_456_789n,
    });
    expect(st.mtimeNs).toBe(1_700_000_000_123_456_789n);
    expect(native.stat(at("none"), true)).toBeUndefined();
    fs.symlinkSync("loop", at("loop"));
    expect(native.stat(at("loop"), false)?.kind).toBe("symlink");
    expect(code(() => native.stat(at("loop"), true))).toBe("ELOOP");
    expect(code(() => native.setMtime(at("none"), 0n))).toBe("ENOENT");
    expect(native.readLink(at("loop"))).toBe("loop");
    expect(native.readLink(at("s"))).toBeUndefined();
    expect(code(() => native.readLink(at("loop/x")))).toBe("ELOOP");
    expect(native.isWritable(folder)).toBe(true);
    expect(native.isWritable(at("none"))).toBe(false);
    expect(code(() => native.isWritable(at("loop")))).toBe("ELOOP");
  });

  test("a lock is exclusive and ends with its descriptor", () => {
    const lock = native.lockFile(at("lock"), 0);
    expect(() => execFileSync("flock", ["-n", at("lock"), "true"])).toThrow();
    const e = failure(() => native.lockFile(at("lock"), 30));
    expect([e.op, e.code, e.path]).toEqual(["flock", "ETIMEDOUT", at("lock")]);
    native.closeFd(lock);
    execFileSync("flock", ["-n", at("lock"), "true"]);
    native.closeFd(native.lockFile(at("lock"), 0));
    expect(code(() => native.lockFile(folder, 0))).toBe("EISDIR");
  });
});

describe("packets and files of others", () => {
  test("a datagram socket of a namespace reaches nothing outside it, and names what cannot be", () => {
    expect(failure(() => native.udpOpen(netns, "192.0.2.1", 53))).toMatchObject({ op: "connect", code: "ENETUNREACH" });
    expect(code(() => native.udpOpen(netns, "localhost", 53))).toBe("EINVAL");
    expect(code(() => native.udpOpen(netns, "fe80::1%nowhere", 53))).toBe("ENODEV");
    expect(() => native.udpOpen(netns, "127.0.0.1", 0)).toThrow(RangeError);
    expect(code(() => native.packetOpen(netns, 77, 0x0806))).toBe("ENODEV");
    expect(() => native.packetOpen(netns, 0, 0x0806)).toThrow(RangeError);
    const fd = native.packetOpen(netns, 1, 0x0806);
    expect(code(() => native.localReceive(fd, 100, 0))).toBe("ETIMEDOUT");
    native.closeFd(fd);
  });

  test("a file below a root of somebody else's, whatever its links say, in both forms", async () => {
    fs.mkdirSync(`${folder}/root/etc`, { recursive: true });
    fs.writeFileSync(`${folder}/root/etc/secret`, "inside");
    fs.symlinkSync("/etc/secret", `${folder}/root/etc/link`);
    fs.symlinkSync("/etc/passwd", `${folder}/root/etc/out`);
    expect(text(native.readFileInside(`${folder}/root`, "etc/link", 100))).toBe("inside");
    expect(text(await native.readFileInsideAsync(`${folder}/root`, "/etc/link", 100))).toBe("inside");
    expect(failure(() => native.readFileInside(`${folder}/root`, "etc/out", 100))).toMatchObject({
      op: "openat2",
      code: "ENOENT",
    });
    const failed = await native.readFileInsideAsync(`${folder}/root`, "etc", 100).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "EINVAL" });
  });
});

describe("programs", () => {
  const at = (name: string) => `${folder}/${name}`;
  const none = new Uint8Array();
  const shell = (script: string, stdin = none, timeoutMs = 20_000, maxOutput = 1 << 20) =>
    native.run(
      "/bin/sh",
      ["-c", script, "zero", "eïn s"],
      ["PATH=/usr/bin:/bin", "A=ß"],
      folder,
      stdin,
      timeoutMs,
      maxOutput,
    );

  test("arguments, environment, folder, stdin and both outputs", () => {
    const done = shell('cat; echo "|$1|$A|$(pwd)"; echo oh >/dev/stderr; exit 3', bytes("in"));
    expect({ ...done, stdout: text(done.stdout), stderr: text(done.stderr) }).toEqual({
      stdout: `in|eïn s|ß|${folder}\n`,
      stderr: "oh\n",
      exitCode: 3,
      signal: undefined,
      stopped: undefined,
    });
  });

  test("signals this process ignores are not ignored in the program", () => {
    expect(text(shell("grep SigIgn /proc/self/status").stdout)).toMatch(/\t0{16}\n/);
    expect(fs.readFileSync("/proc/self/status", "utf8")).not.toMatch(/SigIgn:\t0{16}\n/);
    expect(shell("kill -PIPE $$")).toMatchObject({ exitCode: undefined, signal: "SIGPIPE", stopped: undefined });
  });

  test("a lock that it is given is held until it ends", async () => {
    const lock = native.lockFile(at("kept"), 0);
    const script =
      "flock -n kept true; echo $?; readlink /proc/self/fd/3; touch begun; until [ -e ended ]; do sleep 0.01; done";
    const ran = native.runAsync("/bin/sh", ["-c", script], ["PATH=/usr/bin:/bin"], folder, none, 20_000, 1000, lock);
    while (!fs.existsSync(at("begun"))) await Bun.sleep(5);
    native.closeFd(lock);
    expect(code(() => native.lockFile(at("kept"), 0))).toBe("ETIMEDOUT");
    fs.writeFileSync(at("ended"), "");
    expect(text((await ran).stdout)).toBe(`1\n${folder}/kept\n`);
    native.closeFd(native.lockFile(at("kept"), 1000));
  });

  test("limits of time and of output", () => {
    const late = shell("echo half; sleep 30", none, 100);
    expect([text(late.stdout), late.signal, late.stopped]).toEqual(["half\n", "SIGKILL", "timeout"]);
    expect(shell("yes", none, -1, 1000)).toMatchObject({ signal: "SIGKILL", stopped: "output" });
  });

  test("what cannot begin, and wrong arguments", () => {
    const begin = (path: string, cwd?: string) => failure(() => native.run(path, [], [], cwd, none, -1, 0));
    expect(begin("/none")).toMatchObject({ op: "execve", code: "ENOENT", path: "/none" });
    expect(begin(folder)).toMatchObject({ op: "execve", code: "EACCES" });
    expect(begin("/bin/sh", "/none")).toMatchObject({ op: "chdir", code: "ENOENT", path: "/none" });
    expect(begin("")).toMatchObject({ code: "ENOENT" });
    expect(() => native.run("/bin/sh", ["a\0b"], [], undefined, none, -1, 0)).toThrow(TypeError);
    expect(() => Reflect.apply(native.run, undefined, ["/bin/sh", "x", [], undefined, none, -1, 0])).toThrow(TypeError);
    expect(() => Reflect.apply(native.run, undefined, ["/bin/sh", [], [1], undefined, none, -1, 0])).toThrow(TypeError);
    expect(() => Reflect.apply(native.run, undefined, ["/bin/sh", [], [], null, none, -1, 0])).toThrow(TypeError);
    expect(() => native.run("/bin/sh", [], [], undefined, none, -2, 0)).toThrow(RangeError);
  });
});

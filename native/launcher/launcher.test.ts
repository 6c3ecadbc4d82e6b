import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";

/** The launcher with a small C program (`probe.c`) in the runtime's place, which tells how it was started. */

const folder = fs.mkdtempSync("/tmp/tsnet-launcher-");
const bin = `${folder}/bin`;
const report = `${folder}/report`;

beforeAll(() => {
  fs.mkdirSync(bin);
  execFileSync("cc", ["-D_GNU_SOURCE", "-O1", "-static", `${import.meta.dir}/probe.c`, "-o", `${bin}/tsnet-cni`]);
  fs.copyFileSync(`${bin}/tsnet-cni`, `${bin}/tsnet-bun`);
  for (const name of ["bridge", "tsnet"]) {
    fs.copyFileSync(`${import.meta.dir}/../build/launcher`, `${bin}/${name}`);
    fs.chmodSync(`${bin}/${name}`, 0o755);
  }
  fs.writeFileSync(`${bin}/tsnet.node`, "addon");
});

afterAll(() => fs.rmSync(folder, { recursive: true }));
beforeEach(() => fs.rmSync(report, { force: true }));

interface Started {
  status: number | null;
  stdout: string;
  stderr: string;
  cwd: string | undefined;
  argv: string[];
  env: string[];
  line(key: string): string | undefined;
}

/** Runs a shell script (for odd descriptors, limits, folders) and reads what the probe found. */
function shell(script: string, env: Record<string, string> = {}): Started {
  const { status, stdout, stderr } = spawnSync("/bin/bash", ["-c", script], {
    env: { PATH: "/usr/bin:/bin", PROBE_OUT: report, BIN: bin, ...env },
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 1 << 24,
  });
  const lines = fs.existsSync(report) ? fs.readFileSync(report, "utf8").split("\n") : [];
  const values = (key: string) => lines.filter((l) => l.startsWith(`${key}=`)).map((l) => l.slice(key.length + 1));
  return {
    status,
    stdout,
    stderr,
    cwd: values("cwd")[0],
    argv: values("argv"),
    env: values("env"),
    line: (key) => values(key)[0],
  };
}

describe("name and folder", () => {
  test("arguments pass, the name is that of the call, the folder becomes / and is remembered", () => {
    const is = shell("$BIN/bridge one 'two  three' ''");
    expect([is.status, is.argv, is.cwd]).toEqual([42, ["bridge", "one", "two  three", ""], "/"]);
    expect(is.env).toContain(`TSNET_CWD=${folder}`);
    expect(is.env).toContain("TSNET_LAUNCHED=1");
  });

  test("symbolic links, hard links and copies each run under their own name", () => {
    for (const make of [
      "ln -sf $BIN/bridge x-portmap",
      "ln -f $BIN/bridge $BIN/portmap",
      "cp $BIN/bridge $BIN/host-local",
    ]) {
      const name = make.slice(make.lastIndexOf("/") + 1).replace("bridge ", "");
      const call = make.includes("-sf") ? "./x-portmap" : `$BIN/${name}`;
      expect(shell(`${make} && ${call}`).argv).toEqual([call.slice(call.lastIndexOf("/") + 1)]);
    }
  });

  test("argv[0] need not be a path, and may be empty", () => {
    expect(shell("exec -a ptp $BIN/bridge a").argv).toEqual(["ptp", "a"]);
    expect(shell("exec -a '' $BIN/bridge a").argv).toEqual(["bridge", "a"]);
    expect(shell("exec -a dir/ $BIN/bridge").argv).toEqual(["bridge"]);
  });

  test("a deleted folder is an empty path", () => {
    const is = shell("mkdir gone && cd gone && rmdir ../gone && $BIN/bridge");
    expect([is.status, is.cwd]).toEqual([42, "/"]);
    expect(is.env).toContain("TSNET_CWD=");
  });

  test("a folder outside the root is an empty path", () => {
    // chroot(2) leaves the current folder outside of the new root.
    const script = "import os; r=os.environ['ROOT']; b=r+'/bridge'; os.chroot(r); os.execv('/bridge', ['bridge'])";
    const root = `${folder}/root`;
    fs.mkdirSync(`${root}/proc`, { recursive: true });
    for (const file of ["bridge", "tsnet-cni"]) fs.copyFileSync(`${bin}/${file}`, `${root}/${file}`);
    fs.writeFileSync(`${root}/leave.py`, script);
    const is = shell(`unshare -m sh -c 'mount -t proc proc $ROOT/proc && python3 $ROOT/leave.py'`, {
      ROOT: root,
      PROBE_OUT: "/report",
    });
    expect(is.status).toBe(42);
    expect(fs.readFileSync(`${root}/report`, "utf8")).toContain("env=TSNET_CWD=\n");
  });
});

describe("environment", () => {
  test("what changes the runtime is dropped, everything else stays", () => {
    const dropped = {
      BUN_OPTIONS: "--preload /tmp/x",
      BUN_BE_BUN: "1",
      BUN_JSC_useJIT: "1",
      JSC_useJIT: "0",
      MIMALLOC_VERBOSE: "1",
      UV_THREADPOOL_SIZE: "1",
      NODE_OPTIONS: "--x",
      NODE_PATH: "/tmp",
      NODE_CHANNEL_FD: "3",
      TSNET_CWD: "/forged",
      TSNET_LAUNCHED: "forged",
    };
    const kept = {
      NODE_NAME: "worker-1",
      NODE_IP: "10.0.0.1",
      NODE_OPTIONS_X: "other",
      CNI_COMMAND: "ADD",
      CNI_ARGS: "A=b;C=d",
      BUN: "not a prefix",
      EMPTY: "",
    };
    const { env } = shell("$BIN/bridge", { ...dropped, ...kept });
    for (const [name, value] of Object.entries(kept)) expect(env).toContain(`${name}=${value}`);
    expect(
      env.filter((v) => /^(BUN_(OPTIONS|BE_BUN)|JSC_|MIMALLOC_|UV_|NODE_(OPTIONS|PATH|CHANNEL_FD)=)/.test(v)),
    ).toEqual([]);
    expect(env.filter((v) => v.startsWith("TSNET_")).sort()).toEqual([`TSNET_CWD=${folder}`, "TSNET_LAUNCHED=1"]);
  });

  test("tsnet and tsbox are commands, every other name is a plugin's", () => {
    fs.rmSync(`${bin}/tsnet-cni`);
    try {
      for (const name of ["tsnet", "tsbox"]) expect(shell(`exec -a /x/${name} $BIN/bridge`).status).toBe(42);
      for (const name of ["tsnetx", "bridge"])
        expect(shell(`exec -a /x/${name} $BIN/bridge`).stderr).toContain("tsnet-cni");
    } finally {
      fs.copyFileSync(`${bin}/tsnet-bun`, `${bin}/tsnet-cni`);
    }
  });

  test("tsbox runs without the compiler where it is over in a moment, and nothing else does", () => {
    const jit = (line: string): boolean => !shell(`exec -a ${line}`).env.includes("BUN_JSC_useJIT=0");
    for (const line of ["tsbox $BIN/bridge run x", "tsbox $BIN/bridge ps"])
      expect([line, jit(line)]).toEqual([line, false]);
    for (const line of [
      "tsbox $BIN/bridge import - x",
      "tsbox $BIN/bridge logs x",
      "tsbox $BIN/bridge",
      "tsnet $BIN/bridge ps",
    ])
      expect([line, jit(line)]).toEqual([line, true]);
  });

  test("no environment, no HOME, variables without a name or value", () => {
    const script = `import os; os.execve('${bin}/bridge', ['bridge'], {'PROBE_OUT': '${report}'})`;
    const is = shell(`python3 -c "${script}"`);
    expect(is.env).toEqual([`PROBE_OUT=${report}`, `TSNET_CWD=${folder}`, "TSNET_LAUNCHED=1"]);
  });

  test("thousands of variables and long ones", () => {
    const is = shell('for i in $(seq 5000); do export V$i="$i-$LONG"; done; $BIN/bridge', { LONG: "x".repeat(100) });
    expect(is.status).toBe(42);
    expect(is.env.filter((v) => /^V\d+=/.test(v)).length).toBe(5000);
    expect(is.env).toContain(`V5000=5000-${"x".repeat(100)}`);
  });

  test("as much as the kernel takes for the launcher is not lost on the way", () => {
    const script = `import os
size = 2000
while True:
    env = {'V%d' % i: 'x' * 1000 for i in range(size)}
    env['PROBE_OUT'] = '${report}'; env['CNI_COMMAND'] = 'ADD'
    try: os.execve('${bin}/bridge', ['bridge'], env)
    except OSError: size -= 2`;
    const is = shell(`ulimit -s 8192; python3 -c "${script}"`);
    // Either it passes, or the two variables more were too much and the answer says so.
    if (is.status === 42) expect(is.env.length).toBeGreaterThan(1000);
    else expect(JSON.parse(is.stdout).details).toContain("E2BIG");
  });
});

describe("standard streams", () => {
  test("closed ones are /dev/null; a write to a closed stdout still fails", () => {
    const is = shell("$BIN/bridge <&- >&- 2>&-", { PROBE_STREAMS: "1" });
    expect(["stdin", "stdout", "stderr", "outfd"].map(is.line)).toEqual(["end", "EBADF", "written", "3"]);
    expect(shell("$BIN/bridge >&- </dev/null", { PROBE_STREAMS: "1" }).line("stdout")).toBe("EBADF");
    expect(shell("$BIN/bridge >/dev/null </dev/null", { PROBE_STREAMS: "1" }).line("stdout")).toBe("written");
  });

  test("works with 64 descriptors and a small stack", () => {
    expect(shell("ulimit -n 64; ulimit -s 256; $BIN/bridge").status).toBe(42);
  });
});

describe("refusals", () => {
  const cases: [name: string, damage: string, reason: string, called?: string][] = [
    ["the runtime is missing", "rm $D/tsnet-cni", "ENOENT"],
    ["the command's runtime is missing", "rm $D/tsnet-bun", "ENOENT", "tsnet"],
    ["the command's addon is missing", "rm $D/tsnet.node", "ENOENT", "tsnet"],
    ["the runtime is a folder", "rm $D/tsnet-cni; mkdir $D/tsnet-cni", "not a regular file"],
    ["others may write the runtime", "chmod o+w $D/tsnet-cni", "chmod go-w"],
    ["the group may write the addon", "chmod g+w $D/tsnet.node", "chmod go-w", "tsnet"],
    ["the addon is another user's", "chown 1234 $D/tsnet.node", "chown", "tsnet"],
    ["the runtime is not executable", "chmod 644 $D/tsnet-cni", "EACCES"],
    ["the runtime is no program", "echo x > $D/tsnet-cni; chmod 755 $D/tsnet-cni", "ENOEXEC"],
  ];
  for (const [name, damage, reason, called = "bridge"] of cases)
    test(name, () => {
      const make = `D=$(mktemp -d $BIN/../d.XXXX) && cp $BIN/* $D && ${damage} &&`;
      const plugin = shell(`${make} CNI_COMMAND=ADD $D/${called}`);
      expect(plugin.status).toBe(1);
      expect(plugin.stderr).toBe("");
      const answer = JSON.parse(plugin.stdout);
      expect(Object.keys(answer)).toEqual(["code", "msg", "details"]);
      expect(answer.code).toBe(100);
      expect(answer.details).toContain(reason);
      const person = shell(`${make} $D/${called}`);
      expect([person.status, person.stdout]).toEqual([1, ""]);
      expect(person.stderr).toContain(reason);
      expect(person.stderr.endsWith("\n")).toBe(true);
    });

  test("tsbox speaks under its own name, and ends with a status that is no container's", () => {
    const is = shell(
      "D=$(mktemp -d $BIN/../d.XXX) && cp $BIN/* $D && rm $D/tsnet-bun && cp $D/bridge $D/tsbox; $D/tsbox run x",
    );
    expect([is.status, is.stderr.startsWith("tsbox: a file of it cannot be used: ")]).toEqual([125, true]);
  });

  test("a path with quotes and control characters is still JSON", () => {
    const is = shell(
      `mkdir "$BIN/a\\"b\\\\c\nd" && cp $BIN/bridge "$BIN/a\\"b\\\\c\nd/" && CNI_COMMAND=ADD "$BIN/a\\"b\\\\c\nd/bridge"`,
    );
    expect(JSON.parse(is.stdout).details).toContain('a"b\\c d/tsnet-cni');
  });

  test("files of the caller's own are accepted, also under a user namespace's view of root's", () => {
    const own = shell(
      `D=$(mktemp -d) && cp $BIN/bridge $BIN/tsnet-cni $D && chown -R 1234 $D && chmod 755 $D && chmod 777 $BIN/.. && setpriv --reuid 1234 --clear-groups $D/bridge; s=$?; rm -r $D; exit $s`,
    );
    expect(own.status).toBe(42);
    fs.rmSync(report);
    // Mapped to a user of its own only: root's files look like the overflow user's there.
    const mapped = shell(
      `touch $PROBE_OUT; chmod 666 $PROBE_OUT; chmod 755 $BIN $BIN/..; setpriv --reuid 1234 --clear-groups unshare -Ur $BIN/bridge`,
    );
    expect(mapped.status).toBe(42);
  });
});

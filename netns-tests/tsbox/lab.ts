import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outside, type Place } from "../support/place.ts";
import { makePrivateHost, type PrivateHost } from "../support/private-host.ts";
import { must, type Ran, type RunOptions } from "../support/run.ts";
import { type Lack, lacksCommand, lacksFile, lacksRoot } from "../support/skip.ts";

const BIN = join(import.meta.dir, "../../dist/bin");
export const TSBOX = join(BIN, "tsbox");

export const lacks: readonly Lack[] = [
  lacksRoot,
  lacksFile(TSBOX),
  lacksFile(join(BIN, "tsbox-mon")),
  lacksCommand("busybox", "gcc", "curl"),
];

/** What a command line of tsbox did. */
export interface LabOn<H extends Place> extends AsyncDisposable {
  /** A host of the test's own, with the default folders empty: /var/lib/tsbox, /run/tsbox. */
  readonly host: H;
  /** Runs tsbox there, whatever its exit status. */
  tsbox(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** The same, must succeed; its stdout without the last line break. */
  ok(...args: string[]): Promise<string>;
  /** The first process of a running container, as numbered on the host. */
  pidOf(container: string): Promise<string>;
  /** A file of the host's: /proc/PID/status, a cgroup's … */
  read(path: string): Promise<string>;
  /** A folder of the test's own, seen by all under the same path. */
  readonly folder: string;
}

export type Lab = LabOn<PrivateHost>;

/** A host with the image `box`: Debian's static busybox under all its names, and a small /etc. */
export async function makeLab(): Promise<Lab> {
  const host = await makePrivateHost();
  return labOn(host, async () => {
    await host[Symbol.asyncDispose]();
  });
}

/** The same on the machine itself: for the virtual machine, which is the test's alone. */
export async function makeLabHere(): Promise<LabOn<Place>> {
  await must([
    "sh",
    "-ec",
    "mkdir -p /var/lib/tsbox /run/netns && mount -t tmpfs tmpfs /var/lib/tsbox && ip link set lo up",
  ]);
  return labOn(outside, async () => {});
}

async function labOn<H extends Place>(host: H, end: () => Promise<void>): Promise<LabOn<H>> {
  const folder = mkdtempSync(join(tmpdir(), "tsbox-lab-"));
  const dispose = async (): Promise<void> => {
    await end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const tsbox: Lab["tsbox"] = (args, options) => host.run([TSBOX, ...args], { timeoutMs: 60_000, ...options });
    const ok: Lab["ok"] = async (...args) => {
      const ran = await tsbox(args);
      if (ran.code !== 0) throw new Error(`tsbox ${args.join(" ")}: exit ${ran.code}\n${ran.stderr}${ran.stdout}`);
      return ran.stdout.replace(/\n$/, "");
    };
    await ok("import", await boxArchive(), "box");
    return {
      host,
      folder,
      tsbox,
      ok,
      pidOf: (container) => ok("inspect", "-f", "{{.State.Pid}}", container),
      read: (path) => host.exec("cat", path),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

let made: Promise<string> | undefined;

/** The archive of the image, made once per process. */
export function boxArchive(): Promise<string> {
  made ??= (async () => {
    const folder = mkdtempSync(join(tmpdir(), "tsbox-box-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    const script = `
      mkdir -p root/bin root/etc root/tmp root/root root/home/guest root/www
      chmod 1777 root/tmp
      cp "$(command -v busybox)" root/bin/busybox
      printf 'root:x:0:0:root:/root:/bin/sh\\nguest:x:1234:1234::/home/guest:/bin/sh\\n' > root/etc/passwd
      printf 'root:x:0:\\nguest:x:1234:\\nextra:x:2000:guest\\n' > root/etc/group
      echo hello > root/www/index.html
      printf '#!/nonexistent\\n' > root/bin/bad; chmod 755 root/bin/bad
      echo data > root/etc/plain; chmod 644 root/etc/plain
      chown -R 0:0 root; chown 1234:1234 root/home/guest`;
    await must(["sh", "-ec", script], { cwd: folder });
    for (const name of (await must(["busybox", "--list"])).trim().split("\n"))
      if (name !== "busybox") symlinkSync("busybox", join(folder, "root/bin", name));
    await must(["tar", "-C", "root", "-cf", "box.tar", "."], { cwd: folder });
    return join(folder, "box.tar");
  })();
  return made;
}

/** Waits until something is so; the last word of `look` is in the error. */
export async function until(what: string, look: () => Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await look())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await Bun.sleep(50);
  }
}

/**
 * Everything tsbox may leave on a host: nothing of it is there before the first container and after the last. A monitor
 * whose folder is gone has a moment to end.
 */
export async function traces(lab: LabOn<Place>): Promise<string[]> {
  const script = `
    ending() {
      ps -eo args | grep '[t]sbox-mon' | while read -r program verb folder exec; do
        [ -d "$folder\${exec:+/exec/$exec}" ] || echo ending
      done
    }
    for i in $(seq 100); do [ -z "$(ending)" ] && break; sleep 0.05; done
    ls -1 /var/lib/tsbox/containers /var/lib/tsbox/names /var/lib/tsbox/active /run/tsbox/netns /run/tsbox/c 2>/dev/null |
      grep -v ':$' | grep -v '^$'
    find /sys/fs/cgroup -mindepth 3 -type d -path '*/tsbox/*' 2>/dev/null
    grep -e /var/lib/tsbox/ -e /run/tsbox/ /proc/self/mountinfo
    ip -o link show type veth
    ls -1 /var/lib/tsbox/leases/tsbox 2>/dev/null | grep '^[0-9]*\\.[0-9]*\\.'
    ls -1 /var/lib/tsbox/cni/results 2>/dev/null
    nft -j list ruleset 2>/dev/null | jq -c '.nftables[] | select(.map) | .map | select(.elem) | [.name, .elem]'
    ps -eo args | grep -e '[t]sbox-mon' -e '[t]sbox-init'
    exit 0`;
  const text = await lab.host.exec("sh", "-c", script);
  return text.split("\n").filter((line) => line !== "");
}

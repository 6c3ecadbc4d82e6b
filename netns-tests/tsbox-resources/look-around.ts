import { readlinkSync } from "node:fs";

/** What a container sees of itself, written by a script in it and read back as lines that two containers can be compared by. */

const MASKED_AND_READONLY = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/bus",
  "/proc/fs",
  "/proc/interrupts",
  "/proc/irq",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/sysrq-trigger",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
  "/sys/devices/system/cpu/cpu0/thermal_throttle",
];

/**
 * For busybox's shell. Each part begins with `# name`. It also runs with all capabilities, so it only opens what belongs to
 * the machine, and never writes to it.
 */
export const LOOK_AROUND = `
part() { echo "# $1"; }
yes_no() { if (eval "$2") >/dev/null 2>&1; then echo "$1 yes"; else echo "$1 no"; fi; }
part status; grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp):' /proc/self/status
part mounts; cat /proc/self/mountinfo
part nodes; find /dev | sort | while read -r path; do stat -c '%n %F %a %u %g %t:%T' "$path"; [ ! -L "$path" ] || echo "$path -> $(readlink "$path")"; done
part hidden; for path in ${MASKED_AND_READONLY.join(" ")}; do
  if [ -d $path ]; then echo "$path folder with $(ls $path 2>&1 | wc -l)"
  elif [ -e $path ]; then echo "$path $(stat -c %F $path) gives $(head -c 20 $path 2>&1 | wc -c)"; fi
  done
part writes
yes_no proc-sys ': >> /proc/sys/kernel/panic'; yes_no sysrq ': >> /proc/sysrq-trigger'
yes_no sys 'mkdir /sys/fs/cgroup/x'; yes_no cgroup 'for f in /sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/cgroup.procs; do echo 0 > $f && exit 0; done; exit 1'
yes_no root 'touch /made && rm /made'; yes_no shm 'touch /dev/shm/made'; yes_no dev 'touch /dev/made && rm /dev/made'
part devices
mknod /tmp/kmsg c 1 11; mknod /tmp/disk b 8 0; mknod /tmp/tun c 10 200
yes_no null ': </dev/null >/dev/null'; yes_no kmsg ': </tmp/kmsg'; yes_no disk ': </tmp/disk'; yes_no ptmx ': </dev/ptmx'
yes_no tun 'cat /tmp/tun 2>&1 | grep -qv "not permitted"'
rm -f /tmp/kmsg /tmp/disk /tmp/tun
part rights
yes_no mount 'mount -t tmpfs none /tmp'; yes_no unshare 'unshare -m true'; yes_no chown 'touch /tmp/c && chown 5 /tmp/c'; yes_no mknod 'mknod /tmp/n c 1 3 && rm /tmp/n'
yes_no chroot 'chroot / true'; yes_no hostname 'hostname other'; yes_no low-port 'timeout 1 nc -l -p 80; [ $? != 1 ]'
part process; umask; pwd; id; env | sort; ulimit -a | sort; ls /proc/self/fd | wc -l; cat /proc/self/oom_score_adj
part cgroup; cat /proc/self/cgroup
part namespaces; for n in /proc/self/ns/*; do echo "\${n##*/} $(readlink $n)"; done
part sysctl; cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ping_group_range
part end
`;

export type Views = ReadonlyMap<string, readonly string[]>;

/** Lines of each part, mounts in a form without numbers that differ by chance. */
export function parseViews(text: string): Views {
  const views = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.trim().split("\n")) {
    const part = /^# (\w+)$/.exec(line)?.[1];
    if (part === undefined) lines.push(line);
    else {
      lines = [];
      views.set(part, lines);
    }
  }
  if (!views.has("end")) throw new Error(`the script did not come to its end: ${text.slice(-500)}`);
  const change = (part: string, how: (line: string) => string): unknown =>
    views.set(
      part,
      (views.get(part) ?? [])
        .filter((line) => line !== "")
        .map(how)
        .sort(),
    );
  change("mounts", mountLine);
  change("namespaces", namespaceLine);
  change("cgroup", withoutId);
  return views;
}

/** A container's cgroup, whatever its name: `/tsbox/5afa…` and `/tsbox-t-abc/twin` are both `/(own)`. */
const withoutId = (text: string): string => text.replace(/\/tsbox(-t-\w+)?\/\w+/, "/(own)");

/** Whether a namespace is the container's own. */
function namespaceLine(line: string): string {
  const [name = "", id] = line.split(" ");
  return `${name} ${readlinkSync(`/proc/self/ns/${name}`) === id ? "the host's" : "its own"}`;
}

/** `TARGET TYPE from SOURCE:ROOT with FLAGS; OPTIONS` of a line of mountinfo (proc(5)). */
function mountLine(line: string): string {
  const [before = "", after = ""] = line.split(" - ");
  const [, , , root, target, flags = "", ...optional] = before.split(" ");
  const [type, source, options = ""] = after.split(" ");
  // inode64 is a kernel's default for tmpfs, which it shows for some and not for others.
  const sorted = (list: string): string =>
    list
      .split(",")
      .filter((option) => option !== "inode64")
      .sort()
      .join();
  return `${target} ${type} from ${source}:${withoutId(root ?? "")} with ${sorted(flags)}; ${sorted(options)} ${optional.join(" ")}`.trim();
}

/** Lines of one and not of the other: `part: - line` and `part: + line`. */
export function differences(left: Views, right: Views): string[] {
  const parts = new Set([...left.keys(), ...right.keys()]);
  return [...parts].flatMap((part) => {
    const [mine = [], others = []] = [left.get(part), right.get(part)];
    return [
      ...mine.filter((line) => !others.includes(line)).map((line) => `${part}: - ${line}`),
      ...others.filter((line) => !mine.includes(line)).map((line) => `${part}: + ${line}`),
    ];
  });
}

/** Below /proc and /sys: what tells or changes too much about the machine (moby, oci/defaults.go). */

/** Nothing is to be seen there: the kernel's memory, keys, timings, hardware. */
const MASKED = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

/** Not to be written: settings of the machine, not of the container. */
export const READONLY_PATHS: readonly string[] = [
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];

/**
 * Masked paths. Each CPU's thermal_throttle counters, where the machine has them, are among them: they let a container see
 * what others compute.
 * @param cpus names in /sys/devices/system/cpu
 */
export function maskedPaths(cpus: readonly string[]): string[] {
  const throttles = cpus
    .filter((name) => /^cpu\d+$/.test(name))
    .map((cpu) => `/sys/devices/system/cpu/${cpu}/thermal_throttle`);
  return [...MASKED, ...throttles];
}

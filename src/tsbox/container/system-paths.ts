/** What of /proc and /sys a container must not see (moby, oci/defaults.go): files look empty, folders are empty. */
export const MASKED_PATHS: readonly string[] = [
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

/** What of /proc it may see and not write. */
export const READONLY_PATHS: readonly string[] = [
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];

/** Where the kernel counts how hot a processor gets, for each that can be there (an attack on its neighbours). */
export const throttlePaths = (processors: readonly number[]): string[] =>
  processors.map((n) => `/sys/devices/system/cpu/cpu${n}/thermal_throttle`);

/** Which devices a container may use, as cgroup v1 means it (cgroup-v1/devices.rst); v2 gets a program that says the same. */

export interface DeviceRule {
  readonly allow: boolean;
  /** `a` is all devices: it sets what holds for those without a rule, and forgets the rules before it. */
  readonly type: "a" | "c" | "b";
  /** -1 is any. */
  readonly major: number;
  readonly minor: number;
  /** Of `r`, `w`, `m` (mknod). */
  readonly access: string;
}

const ANY = -1;
const rule = (type: "a" | "c" | "b", major: number, minor: number, access: string): DeviceRule => ({
  allow: true,
  type,
  major,
  minor,
  access,
});

/**
 * What every container may: make any node, and use null, zero, full, random, urandom, tty, the console, ptmx and its
 * terminals. runc also lets it use tun (10:200), which surprises people: here `--device /dev/net/tun` says so.
 */
export const DEFAULT_RULES: readonly DeviceRule[] = [
  { ...rule("a", ANY, ANY, "rwm"), allow: false },
  rule("c", ANY, ANY, "m"),
  rule("b", ANY, ANY, "m"),
  rule("c", 1, 3, "rwm"),
  rule("c", 1, 5, "rwm"),
  rule("c", 1, 7, "rwm"),
  rule("c", 1, 8, "rwm"),
  rule("c", 1, 9, "rwm"),
  rule("c", 5, 0, "rwm"),
  rule("c", 5, 1, "rwm"),
  rule("c", 5, 2, "rwm"),
  rule("c", 136, ANY, "rwm"),
];

/** `--privileged`. */
export const ALL_DEVICES: readonly DeviceRule[] = [rule("a", ANY, ANY, "rwm")];

/** As devices.allow and devices.deny take a rule, and devices.list shows it: `c 136:* rwm`. */
export function ruleText({ type, major, minor, access }: DeviceRule): string {
  const number = (value: number): string => (value === ANY ? "*" : String(value));
  return `${type} ${number(major)}:${number(minor)} ${access}`;
}

/** What rules come to: what holds for all, and the devices for which it does not. */
export interface DeviceAccess {
  readonly allow: boolean;
  /** Each device once, with all the accesses that are different for it. */
  readonly exceptions: readonly DeviceException[];
}

export interface DeviceException {
  readonly type: "c" | "b";
  readonly major: number;
  readonly minor: number;
  readonly access: string;
}

/**
 * Rules in order, as the kernel takes them: one for the same numbers adds to or takes from the exception that is there, and
 * one for other numbers, though they overlap, does not change it.
 */
export function accessOf(rules: readonly DeviceRule[]): DeviceAccess {
  let allow = false;
  const exceptions = new Map<string, DeviceException>();
  for (const { type, major, minor, access, ...rest } of rules) {
    if (type === "a") {
      allow = rest.allow;
      exceptions.clear();
      continue;
    }
    const key = `${type} ${major}:${minor}`;
    const before = exceptions.get(key)?.access ?? "";
    const kept = [..."rwm"].filter((one) =>
      rest.allow === allow
        ? before.includes(one) && !access.includes(one)
        : before.includes(one) || access.includes(one),
    );
    if (kept.length === 0) exceptions.delete(key);
    else exceptions.set(key, { type, major, minor, access: kept.join("") });
  }
  return { allow, exceptions: [...exceptions.values()] };
}

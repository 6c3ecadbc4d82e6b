import { expect } from "bun:test";
import { applyDeviceRules } from "../../src/tsbox/devices/apply.ts";
import { ALL_DEVICES, DEFAULT_RULES, type DeviceRule } from "../../src/tsbox/devices/rules.ts";
import { testUnless } from "../support/skip.ts";
import { lacksController, makeBoxes, startIn } from "./boxes.ts";

/** What a script says that opens devices and makes a node, under these rules. */
export const TRY_DEVICES = [
  'try() { if (eval "$2") 2>/dev/null; then echo "$1 yes"; else echo "$1 no"; fi; }',
  "try null ': </dev/null >/dev/null'",
  "try urandom 'head -c 1 /dev/urandom >/dev/null'",
  "try kmsg-read ': </dev/kmsg'",
  "try kmsg-write ': >>/dev/kmsg'",
  "dir=$(mktemp -d)",
  'try mknod "mknod $dir/b b 8 0"',
  'try own-node ": <$dir/b"',
  'rm -rf "$dir"',
].join("\n");

const KMSG_READ: DeviceRule = { allow: true, type: "c", major: 1, minor: 11, access: "r" };

/** Rules as a process in the container meets them, on whatever cgroups there are. */
export function testDevices(where: string): void {
  for (const [what, rules, answers] of [
    [
      "the default",
      DEFAULT_RULES,
      ["null yes", "urandom yes", "kmsg-read no", "kmsg-write no", "mknod yes", "own-node no"],
    ],
    [
      "--device /dev/kmsg:/dev/kmsg:r",
      [...DEFAULT_RULES, KMSG_READ],
      ["null yes", "urandom yes", "kmsg-read yes", "kmsg-write no", "mknod yes", "own-node no"],
    ],
    ["--privileged", ALL_DEVICES, ["null yes", "urandom yes", "kmsg-read yes", "kmsg-write yes", "mknod yes"]],
  ] as const)
    testUnless(lacksController("devices"), `${where}: devices with ${what}`, async () => {
      await using boxes = makeBoxes();
      const box = boxes.cgroups.create("one");
      applyDeviceRules(box, rules);
      const child = startIn(box, TRY_DEVICES);
      const lines = (await new Response(child.stdout).text()).trim().split("\n");
      expect(lines.filter((line) => answers.length === 6 || !line.startsWith("own-node"))).toEqual([...answers]);
    });
}

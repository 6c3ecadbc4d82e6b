import { expect, test } from "bun:test";
import { namespaceMounts } from "./mounts.ts";

test("bound network namespaces are found among other mounts, with their paths as they are", () => {
  const text = [
    "21 26 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw",
    "90 30 0:4 net:[4026532345] /run/netns/blue rw shared:40 master:3 - nsfs nsfs rw",
    "91 30 0:4 mnt:[4026532346] /run/docker/x.mnt rw - nsfs nsfs rw",
    "92 30 0:4 net:[4026532347] /run/my\\040space\\134x rw - nsfs nsfs rw",
    "93 30 0:9 net:[4026532348] /tmp/fake rw - tmpfs tmpfs rw",
    "garbage net:[1]",
    "",
  ].join("\n");
  expect(namespaceMounts(text)).toEqual([
    { inode: 4026532345, path: "/run/netns/blue" },
    { inode: 4026532347, path: "/run/my space\\x" },
  ]);
});

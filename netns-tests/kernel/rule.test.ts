import { expect, test } from "bun:test";
import { makeWorld } from "./world.ts";

test("rules: added, listed, deleted, in both families", async () => {
  await using world = await makeWorld();
  const { kernel, json } = world;
  const before = await kernel.rule.list();
  await kernel.rule.add({ priority: 100, from: "10.1.0.0/16", iif: "lo", mark: 1, mask: 15, table: 1000 });
  await kernel.rule.add({
    family: 6,
    priority: 101,
    not: true,
    ipProto: 6,
    dportRange: { start: 80, end: 90 },
    table: 100,
  });
  await kernel.rule.add({ priority: 102, to: "10.2.0.0/16", action: "prohibit" });
  await kernel.rule.add({ priority: 103, suppressPrefixLength: 0, uidRange: { start: 1000, end: 1999 } });
  await kernel.rule.add({ priority: 104, action: "goto", goto: 32_767 });

  expect(await json("ip", "-j", "rule")).toMatchObject([
    { priority: 0 },
    { priority: 100, src: "10.1.0.0", srclen: 16, iif: "lo", fwmark: "0x1", fwmask: "0xf", table: "1000" },
    { priority: 102, dst: "10.2.0.0", dstlen: 16, action: "prohibit" },
    { priority: 103, table: "main", suppress_prefixlen: 0, uid_start: 1000, uid_end: 1999 },
    { priority: 104, goto: 32_767 },
    { priority: 32_766 },
    { priority: 32_767 },
  ]);
  const [, six] = await json("ip", "-j", "-6", "rule");
  expect(six).toMatchObject({ priority: 101, not: null, ipproto: "tcp", dport_start: 80, dport_end: 90, table: "100" });

  const listed = await kernel.rule.list(4);
  expect(listed.find((r) => r.priority === 100)).toMatchObject({
    family: 4,
    from: "10.1.0.0/16",
    iif: "lo",
    mark: 1,
    mask: 15,
    table: 1000,
    action: "table",
  });
  expect(listed.find((r) => r.priority === 102)).toMatchObject({ to: "10.2.0.0/16", action: "prohibit" });
  expect((await kernel.rule.list(6)).find((r) => r.priority === 101)).toMatchObject({ family: 6, not: true });
  await expect(kernel.rule.add({ priority: 102, to: "10.2.0.0/16", action: "prohibit" })).rejects.toMatchObject({
    code: "EEXIST",
  });

  for (const priority of [100, 102, 103, 104]) await kernel.rule.del({ priority });
  await kernel.rule.del({ family: 6, priority: 101 });
  expect(await kernel.rule.list()).toEqual(before);
  await expect(kernel.rule.del({ priority: 100 })).rejects.toMatchObject({ code: "ENOENT" });
});

import { expect, test } from "bun:test";
import type { Native } from "../../native/addon.ts";
import { kernelContext } from "./context.ts";

test("only the socket of a rule set that lost something is closed without waiting", () => {
  const closed: string[] = [];
  let opened = 10;
  const native = {
    netlinkOpen: () => ++opened,
    closeFd: (fd: number) => void closed.push(`${fd}`),
    netlinkCloseAside: (fd: number) => void closed.push(`${fd} aside`),
  } as unknown as Native;
  const ctx = kernelContext(native, -1, "here");
  ctx.route();
  ctx.netfilter();
  ctx.lostSomething();
  ctx.close();
  expect(closed.sort()).toEqual(["11", "12 aside"]);
  const other = kernelContext(native, -1, "here");
  other.netfilter();
  other.close();
  expect(closed.at(-1)).toBe("13");
});

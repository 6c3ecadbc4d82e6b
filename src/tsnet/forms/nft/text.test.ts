import { expect, test } from "bun:test";
import { ruleText } from "./text.ts";

test("counters: counted here, by name, and by a map", () => {
  const saddr = { payload: { protocol: "ip", field: "saddr" } };
  const text = (counter: unknown): string => ruleText({ expr: [{ counter }, { accept: null }] });
  expect(text({ packets: 1, bytes: 60 })).toBe("counter packets 1 bytes 60 accept");
  expect(text("web")).toBe('counter name "web" accept');
  expect(text({ map: { key: saddr, data: "@who" } })).toBe("counter name ip saddr map @who accept");
});

test("elements that a rule adds to a map", () => {
  const map = { op: "add", elem: { meta: { key: "mark" } }, data: 1, map: "@m" };
  expect(ruleText({ expr: [{ map }] })).toBe("add @m { meta mark : 1 }");
});

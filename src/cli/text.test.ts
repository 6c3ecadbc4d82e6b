import { describe, expect, test } from "bun:test";
import { NO_TERMINAL, terminalOf } from "./terminal.ts";
import { jsonLine, printable, sharedTable, table } from "./text.ts";

const lines = (text: string): string[] => text.trimEnd().split("\n");

describe("tables", () => {
  const rows = [
    ["a", "x".repeat(50), "", "1"],
    ["bb", "y", "", "22"],
  ];
  const heading = ["NAME", "LONG", "EMPTY", "N"];

  test("outside a terminal are whole, empty columns too", () => {
    expect(lines(table(heading, rows))[0]).toMatch(/^NAME {2}LONG {48}EMPTY {2}N$/);
    expect(table(heading, rows, NO_TERMINAL)).toBe(table(heading, rows));
    expect(table(heading, [])).toBe("");
  });

  test("in a terminal fit it, without empty columns", () => {
    for (const columns of [30, 40, 80]) {
      const text = table(heading, rows, { columns, color: false });
      for (const line of lines(text)) expect(line.length).toBeLessThanOrEqual(columns);
      expect(text).not.toContain("EMPTY");
      expect(text.includes("…")).toBe(columns < 62);
    }
  });

  test("of rows that share their cells are the same", () => {
    const rest = [
      ["x", "", "yy"],
      ["", "", ""],
      ["网络", "long", ""],
    ];
    const shared = [0, 0, 1, 1, 2, 0, 2, 2].map((i, n) => ({ first: "a".repeat((n * 7) % 9), rest: rest[i] ?? [] }));
    const whole = shared.map((row) => [row.first, ...row.rest]);
    for (const count of [0, 1, 4, 8])
      expect(sharedTable(["NAME", "B", "C", "D"], shared.slice(0, count))).toBe(
        table(["NAME", "B", "C", "D"], whole.slice(0, count)),
      );
  });

  test("wide characters count twice, and are not cut in half", () => {
    const text = table(["A", "B"], [["网络网络网络网络", "x"]], { columns: 12, color: false });
    for (const line of lines(text)) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(12);
  });
});

test("control characters, and those that turn or hide text, are written out", () => {
  expect(printable("a\u001b[2J\u009b\u202eb\u200b\u00adc\n")).toBe("a\\x1b[2J\\x9b\\u{202e}b\\u{200b}\\xadc\\x0a");
  expect(printable("grün 网络 🐳")).toBe("grün 网络 🐳");
  const line = jsonLine({ name: "\u001b\u009b\u202e" });
  expect(line).toBe('{"name":"\\u001b\\u009b\\u202e"}\n');
  expect(JSON.parse(line)).toEqual({ name: "\u001b\u009b\u202e" });
});

describe("a terminal", () => {
  const tty = { readLink: () => "/dev/pts/3" };
  test("has colours unless NO_COLOR or a dumb one says otherwise", () => {
    const color = (env: Record<string, string>) => terminalOf(tty, env, () => 100).color;
    expect(color({ TERM: "xterm" })).toBe(true);
    expect(color({ TERM: "xterm", NO_COLOR: "" })).toBe(true);
    expect(color({ TERM: "xterm", NO_COLOR: "1" })).toBe(false);
    expect(color({ TERM: "dumb" })).toBe(false);
    expect(color({})).toBe(false);
  });
  test("is as wide as it says, or COLUMNS does", () => {
    expect(terminalOf(tty, {}, () => 100).columns).toBe(100);
    expect(terminalOf(tty, { COLUMNS: "60" }, () => 100).columns).toBe(60);
    expect(terminalOf(tty, {}, () => undefined).columns).toBe(80);
    expect(terminalOf(tty, { COLUMNS: "banana" }, () => 0).columns).toBe(80);
  });
  test("is none when output goes into a file or a pipe", () => {
    expect(terminalOf({ readLink: () => "pipe:[7]" }, { TERM: "xterm" }, () => 1)).toEqual(NO_TERMINAL);
  });
});

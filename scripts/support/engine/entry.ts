import "../../../src/main/engine/globals.ts";
import { makeAll } from "../../../src/netlink/wire/once.ts";
import { builtins } from "./builtins.ts";
import { useMemory } from "./memory.ts";
import { samples } from "./samples.ts";

makeAll();

/** In the heap from the beginning, and of pages that are all zeros there. */
const zeros = new Uint8Array(1 << 20);

/** Endings of a process that a plugin never has. */
const ENDINGS: Record<string, () => unknown> = {
  throws: () => {
    throw new Error("thrown at the top");
  },
  rejects: () => Promise.reject(new Error("rejected at the top")),
  "never ends": () => new Promise(() => {}),
  recurses: () => {
    const deeper = (n: number): number => 1 + deeper(n + 1);
    return deeper(0);
  },
  "nests JSON": () => JSON.parse("[".repeat(5_000_000)),
  "fills the memory": () => {
    const all: Uint8Array[] = [];
    for (;;) all.push(new Uint8Array(64 << 20));
  },
  "wants too much": () => new Uint8Array(2 ** 31 - 1),
  "writes to what was zero": () => zeros.fill(1),
  "uses memory again": () => useMemory(2_000),
};

function start(): void {
  const name = native.name();
  if (name === "builtins") {
    native.writeAll(1, new TextEncoder().encode(JSON.stringify(builtins())));
    native.exit(0);
  }
  const ending = ENDINGS[name];
  const say = (value: unknown) => native.writeAll(1, new TextEncoder().encode(JSON.stringify(value)));
  if (!ending) {
    say(samples(native, name));
    native.exit(0);
  }
  try {
    const value = ending();
    if (!(value instanceof Promise)) native.exit(0);
    value.catch((error: Error) => {
      say({ caught: error.message });
      native.exit(3);
    });
  } catch (error) {
    say({ caught: error instanceof Error ? error.name : String(error) });
    native.exit(3);
  }
}

Object.assign(globalThis, { start });

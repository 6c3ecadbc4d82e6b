import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { examplesOf, pattern } from "../support/examples.ts";
import { makePrivateHost } from "../support/private-host.ts";
import { testUnless } from "../support/skip.ts";
import { lacks, until } from "./lab.ts";

const ROOT = join(import.meta.dir, "../..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

testUnless(lacks, "docs/tsbox.md: every example does and prints what the page says", async () => {
  await using host = await makePrivateHost();
  const examples = examplesOf(read("docs/tsbox.md"));
  expect(examples.length).toBeGreaterThan(10);
  for (const { command, shown } of examples) {
    const ran = await host.run(["sh", "-c", `cd ${ROOT}; ${command} 2>&1`], { timeoutMs: 60_000 });
    expect({ command, printed: ran.stdout }).toEqual({ command, printed: expect.stringMatching(pattern(shown)) });
  }
});

testUnless(lacks, "README: at most three commands from nothing to a web server behind a published port", async () => {
  const block = /^## Containers\n.*?\n\n((?: {4}[^\n]*\n)+)/ms.exec(read("README.md"))?.[1] ?? "";
  const commands = block
    .split("\n")
    .map((line) => line.trim().replace(/ +#.*$/, ""))
    .filter(Boolean);
  expect(commands[0]).toBe("npm run build");
  expect(commands.length).toBeLessThanOrEqual(3);
  await using host = await makePrivateHost();
  // The build stands already: this is one of its tests.
  for (const command of commands.slice(1)) await host.exec("sh", "-ec", `cd ${ROOT}; ${command}`);
  const get = () =>
    host.run(["curl", "-sS", "-m", "3", "-o", "/run/got", "-w", "%{http_code}", "http://127.0.0.1:8080/busybox"]);
  await until("the web server answers", async () => (await get()).stdout === "200");
  expect(await host.exec("cmp", "/run/got", "/bin/busybox")).toBe("");
});

import { afterAll, expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makeNetns } from "../support/netns.ts";
import { must, randomName, run } from "../support/run.ts";
import { lacksCommand, testUnless } from "../support/skip.ts";
import { lacksTsnet, TSNET } from "./tsnet.ts";

// Shells write there.
const home = mkdtempSync(join(tmpdir(), "tsnet-completion-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const env = { PATH: `${dirname(TSNET)}:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: home, TERM: "dumb" };

/** What each shell offers in place of the last word. */
const SHELLS: Readonly<Record<string, (words: readonly string[]) => Promise<string[]>>> = {
  bash: async (words) => {
    const script = `source <(tsnet completion bash); COMP_WORDS=(tsnet "$@"); COMP_CWORD=$#; _tsnet; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return lines(await must(["bash", "-c", script, "bash", ...words], { env }));
  },
  zsh: async (words) => {
    const folder = await mkdtemp(join(tmpdir(), "tsnet-zsh-"));
    await writeFile(join(folder, "_tsnet"), await must([TSNET, "completion", "zsh"]));
    // The function alone, with what the completion system gives it and takes from it.
    const script = `fpath=($1 $fpath); shift; compdef() { :; }
      _describe() { print -rl -- "\${(@P)4}"; }; _files() { print files; }
      autoload -Uz _tsnet; words=(tsnet "$@"); CURRENT=$#words; _tsnet`;
    return lines(await must(["zsh", "-f", "-c", script, "zsh", folder, ...words], { env })).map(
      (line) => line.split(":")[0] ?? "",
    );
  },
  fish: async (words) => {
    const line = ["tsnet", ...words].join(" ");
    const script = `tsnet completion fish | source; complete -C "${line}"`;
    return lines(await must(["fish", "--no-config", "-c", script], { env })).map((l) => l.split("\t")[0] ?? "");
  },
};

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

for (const [shell, complete] of Object.entries(SHELLS))
  testUnless(
    [lacksTsnet, lacksCommand(shell)],
    `${shell} completes words, options and names of namespaces`,
    async () => {
      await using place = await makeNetns();
      expect(await complete(["ns", "in"])).toEqual(["inspect"]);
      expect(await complete(["link", "ls", "--na"])).toEqual(["--namespace"]);
      expect(await complete(["link", "ls", "-n", place.name.slice(0, -1)])).toEqual([place.name]);
      expect(await complete(["ns", "inspect", place.name.slice(0, -2)])).toEqual([place.name]);
      expect((await complete(["route", "ls", "--table", ""])).sort()).toEqual(["all", "default", "local", "main"]);
      expect(await complete(["ports", "release", "t"])).toEqual(["tcp"]);
    },
  );

testUnless(lacksTsnet, "a name that a shell would not take for one word is not offered", async () => {
  const name = `${randomName("t")}$(touch owned)`;
  await must(["ip", "netns", "add", name]);
  try {
    const { stdout } = await run([TSNET, "complete", "bash", "ns", "inspect", "t"], { env });
    expect(stdout).not.toContain("owned");
  } finally {
    await must(["ip", "netns", "del", name]);
  }
});

testUnless(lacksTsnet, "an unknown shell is refused", async () => {
  expect(await run([TSNET, "completion", "csh"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("bash, zsh, fish"),
  });
});

import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makePrivateHost } from "../support/private-host.ts";
import { testUnless } from "../support/skip.ts";
import { lacksTsnet } from "./tsnet.ts";

const ROOT = join(import.meta.dir, "../..");

interface Example {
  readonly command: string;
  /** Lines as the page shows them. */
  readonly shown: string;
}

/** The page's `console` blocks: a command after each `$ `, and what it prints. */
function examplesOf(page: string): Example[] {
  const blocks = [...page.matchAll(/^```console\n(.*?)^```$/gms)].map(([, text = ""]) => text);
  return blocks
    .flatMap((text) => text.split(/^\$ /m).slice(1))
    .map((text) => {
      const end = text.indexOf("\n");
      return { command: text.slice(0, end), shown: text.slice(end + 1) };
    });
}

/** `…` stands for the rest of a line, and alone on a line for any lines. */
function pattern(shown: string): RegExp {
  const source = shown
    .split(/^…\n/m)
    .map((part) => part.split("…").map(RegExp.escape).join("[^\\n]*"))
    .join("(?:[^\\n]*\\n)*?");
  return new RegExp(`^${source}$`);
}

testUnless(
  lacksTsnet,
  "docs/tsnet.md: every example does and prints what the page says",
  async () => {
    await using host = await makePrivateHost();
    await host.exec(
      "sh",
      "-ec",
      "for folder in /opt /usr/local/bin; do mount -t tmpfs -o mode=0755 tmpfs $folder; done",
    );
    const examples = examplesOf(readFileSync(join(ROOT, "docs/tsnet.md"), "utf8"));
    expect(examples.length).toBeGreaterThan(20);
    const exported: string[] = [];
    for (const { command, shown } of examples) {
      if (command.startsWith("export ")) {
        exported.push(command);
        continue;
      }
      const [, file] = /^cat (\S+)$/.exec(command) ?? [];
      if (file !== undefined) {
        await Bun.write(host.outsidePath(file), shown);
        continue;
      }
      const script = [`cd ${ROOT}`, "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...exported, command].join(
        "\n",
      );
      const ran = await host.run(["sh", "-c", `${script} 2>&1`], { timeoutMs: 60_000 });
      expect({ command, printed: ran.stdout }).toEqual({ command, printed: expect.stringMatching(pattern(shown)) });
    }
  },
  120_000,
);

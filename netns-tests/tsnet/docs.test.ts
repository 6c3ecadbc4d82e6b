import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { examplesOf, pattern } from "../support/examples.ts";
import { makePrivateHost } from "../support/private-host.ts";
import { testUnless } from "../support/skip.ts";
import { lacksTsnet } from "./tsnet.ts";

const ROOT = join(import.meta.dir, "../..");

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

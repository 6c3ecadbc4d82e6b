import { afterAll, expect } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../support/run.ts";
import { lacksCommand, lacksFile, testUnless } from "../support/skip.ts";
import { TSBOX } from "./lab.ts";

const UNIT = join(import.meta.dir, "../../examples/tsbox.service");
const folder = mkdtempSync(join(tmpdir(), "tsbox-service-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What systemd says of a unit whose program is the one just built. */
async function verify(unit: string): Promise<{ code: number; said: string }> {
  const path = join(folder, "tsbox.service");
  writeFileSync(path, unit.replace("/usr/local/bin/tsbox", TSBOX));
  const { code, stdout, stderr } = await run(["systemd-analyze", "verify", path]);
  return { code, said: stdout + stderr };
}

testUnless(
  [lacksCommand("systemd-analyze"), lacksFile(TSBOX)],
  "examples/tsbox.service is as systemd wants it",
  async () => {
    const unit = readFileSync(UNIT, "utf8");
    expect(await verify(unit)).toEqual({ code: 0, said: "" });
    expect(unit).toContain("ExecStart=/usr/local/bin/tsbox system start\n");
    // It would say so.
    expect((await verify(unit.replace("Type=oneshot", "Type=oneshot\nRestart=always"))).code).not.toBe(0);
    expect((await verify(unit.replace("KillMode=process", "KillMode=nobody"))).said).toContain("kill mode");
  },
);

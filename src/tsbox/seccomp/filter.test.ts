import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, PolicyError } from "./compile.ts";
import { defaultPolicy, filterOf, policyFrom } from "./filter.ts";

const scratch = mkdtempSync(join(tmpdir(), "seccomp-"));
afterAll(() => rmSync(scratch, { recursive: true }));

describe("filters are kept", () => {
  const folder = join(scratch, "cache");
  const policy = defaultPolicy(["CAP_CHOWN", "CAP_SYS_CHROOT"]);

  test("the second time the kept one is taken, for nobody else to read", () => {
    const { filter, flags } = filterOf(policy, folder);
    expect(filter).toEqual(compile(policy));
    expect(flags).toBe(0);
    const [name = ""] = readdirSync(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    // Something else of the right size: it is what comes back, so nothing was compiled.
    writeFileSync(join(folder, name), new Uint8Array(16).fill(7));
    expect(filterOf(policy, folder).filter).toEqual(new Uint8Array(16).fill(7));
    for (const broken of [new Uint8Array(0), new Uint8Array(15)]) {
      writeFileSync(join(folder, name), broken);
      expect(filterOf(policy, folder).filter).toEqual(filter);
    }
  });

  test("another policy is another file", () => {
    const before = readdirSync(folder).length;
    filterOf(defaultPolicy(["CAP_SYS_ADMIN"]), folder);
    expect(readdirSync(folder).length).toBe(before + 1);
  });

  test("without a folder to write there is a filter all the same", () => {
    writeFileSync(join(scratch, "file"), "");
    expect(filterOf(policy, join(scratch, "file/below")).filter).toEqual(compile(policy));
  });
});

describe("a profile of the user's", () => {
  test("flags, and a warning for an unknown name that is allowed", () => {
    const rule = { names: ["read", "newer_than_us"], action: "SCMP_ACT_ALLOW" };
    const flags = ["SECCOMP_FILTER_FLAG_LOG"];
    const json = JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", flags, syscalls: [rule] });
    const { policy, warnings } = policyFrom(json, []);
    expect(warnings).toEqual([expect.stringContaining("newer_than_us")]);
    expect(filterOf(policy, join(scratch, "cache")).flags).toBe(2);
  });

  test("its rules look at the container's capabilities", () => {
    const rule = { names: ["mount"], action: "SCMP_ACT_ALLOW", includes: { caps: ["CAP_SYS_ADMIN"] } };
    const json = JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", syscalls: [rule] });
    expect(policyFrom(json, []).policy.syscalls).toEqual([]);
    expect(policyFrom(json, ["CAP_SYS_ADMIN"]).policy.syscalls.length).toBe(1);
    expect(() => policyFrom("{", [])).toThrow(PolicyError);
  });
});

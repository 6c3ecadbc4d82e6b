/** The same container under Debian's runc and under our helper sees the same, but for a list of differences with reasons. */
import { expect } from "bun:test";
import { AUDIT_ARCH, SECCOMP_RET } from "../../src/tsbox/seccomp/bpf.const.ts";
import { __NR } from "../../src/tsbox/seccomp/syscalls-x86-64.const.ts";
import { filterOf } from "../../src/tsbox/seccomp/testing/interpreter.ts";
import { knows, lacksLibseccomp } from "../../src/tsbox/seccomp/testing/libseccomp.ts";
import { testUnless } from "../support/skip.ts";
import { filterInForce } from "./filter-of.ts";
import { differences, parseViews } from "./look-around.ts";
import { LOOK, lacks, SLEEP, testSameLimits, testSameViews } from "./runc-cases.ts";
import { ALWAYS, CONFINED } from "./runc-differences.ts";
import { makeTwins } from "./twins.ts";

testSameViews([
  ["the default", {}],
  ["--privileged", { privileged: true }],
  ["-u 33:33", { user: "33:33" }],
  ["--cap-drop ALL --read-only, no-new-privileges", { capDrop: ["ALL"], readOnly: true, noNewPrivileges: true }],
  ["-u 33:33 --cap-add NET_ADMIN, no-new-privileges", { user: "33:33", capAdd: ["NET_ADMIN"], noNewPrivileges: true }],
]);

testSameLimits();

testUnless(lacks, "each difference in the list is one", async () => {
  await using twins = await makeTwins();
  const theirs = parseViews(await twins.runc({ args: LOOK }));
  const found = differences(theirs, parseViews(await twins.ours({ args: LOOK })));
  const gone = [...ALWAYS, ...CONFINED].filter(
    ({ lines, where = true }) => where && !found.some((line) => lines.test(line)),
  );
  expect(gone.map(({ why }) => why)).toEqual([]);
});

testUnless(lacks, "the script sees what it is meant to: a container with more rights differs", async () => {
  await using twins = await makeTwins();
  const plain = parseViews(await twins.ours({ args: LOOK }));
  const strong = parseViews(await twins.ours({ args: LOOK, privileged: true }));
  const found = differences(plain, strong).join("\n");
  for (const line of [
    "rights: - mount no",
    "rights: + mount yes",
    "devices: - kmsg no",
    "devices: + kmsg yes",
    "writes: - proc-sys no",
    "writes: + proc-sys yes",
  ])
    expect(found).toContain(line);
  expect(found).toMatch(/status: - Seccomp:\s+2/);
});

testUnless(
  [...lacks, lacksLibseccomp],
  "the filter in force answers as the one runc makes with libseccomp",
  async () => {
    await using twins = await makeTwins();
    for (const wanted of [{ args: SLEEP }, { args: SLEEP, capAdd: ["SYS_ADMIN", "SYS_PTRACE"] }]) {
      const theirs = await twins.withRunc(wanted, filterInForce);
      const ours = await twins.withOurs(wanted, filterInForce);
      expect(theirs.length).toBeGreaterThan(0);
      const [they, we] = [filterOf(theirs), filterOf(ours)];
      const numbers: Readonly<Record<number, string>> = Object.fromEntries(
        Object.entries(__NR).map(([call, nr]) => [nr, call]),
      );
      let newer = 0;
      for (const arch of [AUDIT_ARCH.X86_64, AUDIT_ARCH.I386])
        for (let nr = 0; nr < 600; nr++)
          for (const arg of [0n, 1n, 2n, 38n, 39n, 40n, 41n, 0x1000_0000n, 0xffff_ffffn]) {
            const call = { nr, arch, args: [arg, arg, arg] };
            const [should, is] = [they(call), we(call)];
            if (is === should) continue;
            // What this libseccomp has no name for runc leaves out of the filter; we know it.
            const text = numbers[nr] ?? "";
            const isNewer = text !== "" && !knows(text);
            if (!isNewer && !(nr > 450 && should === (SECCOMP_RET.ERRNO | 38)))
              throw new Error(`${text} ${nr} of ${arch} with ${arg}: ${is.toString(16)}, runc ${should.toString(16)}`);
            newer++;
          }
      expect(newer).toBeLessThan(500);
    }
  },
);

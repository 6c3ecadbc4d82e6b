import { describe, expect, test } from "bun:test";
import { remedyForCode, remedyForMessage } from "./remedies.ts";

describe("what to do about a refusal", () => {
  test("of the helper: by the operation and what the kernel said", () => {
    expect(remedyForMessage('mount "/proc/sys": EPERM: Operation not permitted', true)).toContain("another place");
    expect(remedyForMessage('execve "/x": ENOENT: No such file or directory', true)).toContain("no such program");
    expect(remedyForMessage('execve "/a "b": c": ENOEXEC: Exec format error', true)).toContain("x86-64");
    expect(remedyForMessage('user "x": ENOENT: No such file or directory', true)).toContain("give a number");
    expect(remedyForMessage("clone3: ENOSPC: No space left on device", true)).toContain("namespaces");
    expect(remedyForMessage('mkdir "/a": EROFS: Read-only file system', true)).toContain("read-only");
    expect(remedyForMessage('mkdir "/a": EINVAL: Invalid argument', true)).toContain("another place");
  });
  test("what has run out, and a user without rights, are the first thing to say", () => {
    expect(remedyForMessage('openat2 "/x": ENOSPC: No space left on device', true)).toContain("disk is full");
    expect(remedyForMessage('mount "/x": EPERM: Operation not permitted', false)).toContain("needs root");
    expect(remedyForCode("EACCES", false)).toContain("needs root");
    expect(remedyForCode("EACCES", true)).not.toContain("needs root");
  });
  test("nothing where nothing is known, whatever the sentence", () => {
    for (const message of ["", "killed", "toString: EPERM", "x y: ENOENT: z", 'constructor "x": EXDEV: y'])
      expect(remedyForMessage(message, true)).toBe("");
  });
});

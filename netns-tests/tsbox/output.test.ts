import { expect } from "bun:test";
import { type Lab, TSBOX } from "./lab.ts";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

/** A command line whose reader is gone before it begins: its status and what it says to standard error. */
async function unread(lab: Lab, line: string): Promise<string> {
  const script = `exec 3> >(exit); wait $!; ${TSBOX} ${line} >&3 3>&- 2>${lab.folder}/err; echo $?; cat ${lab.folder}/err`;
  return (await lab.host.exec("bash", "-c", script)).trim();
}

test("output that nobody reads: ends as by SIGPIPE, without a word, and what was to be done is done", async (lab) => {
  await lab.ok("create", "--name", "a", "box", "true");
  await lab.ok("create", "--name", "b", "box", "true");
  for (const line of ["images", "ps -a", "--help", "run --help", "version", "system info", "inspect a", "ps -aq"])
    expect([line, await unread(lab, line)]).toEqual([line, "141"]);
  expect(await unread(lab, "rm a b")).toBe("141");
  expect(await lab.ok("ps", "-aq")).toBe("");
  expect(await unread(lab, "run -d --name d box sleep 60")).toBe("141");
  expect(await unread(lab, "logs d")).toBe("0");
  await lab.ok("rm", "-f", "d");
});

test("run, exec, logs -f into a reader that goes: they end", async (lab) => {
  const head = (line: string): Promise<string> =>
    lab.host.exec(
      "bash",
      "-c",
      `timeout 20 ${TSBOX} ${line} 2>&1 | head -1; [ "\${PIPESTATUS[0]}" != 124 ] && echo ended`,
    );
  expect(await head("run --rm --network none box yes")).toBe("y\nended\n");
  await lab.ok(
    "run",
    "-d",
    "--name",
    "y",
    "--network",
    "none",
    "box",
    "sh",
    "-c",
    "while :; do echo y; sleep 0.05; done",
  );
  expect(await head("exec y yes x")).toBe("x\nended\n");
  expect(await lab.ok("top", "y")).not.toContain("yes x");
  expect(await head("logs -f y")).toBe("y\nended\n");
  expect(await head("attach --no-stdin y")).toBe("y\nended\n");
  expect(await lab.ok("inspect", "-f", "{{.State.Status}}", "y")).toBe("running");
  await lab.ok("rm", "-f", "y");
});

test("standard output that is closed or full is an error that says so", async (lab) => {
  for (const [where, code] of [
    [">&-", "EBADF"],
    [">/dev/full", "ENOSPC"],
  ]) {
    const ran = await lab.host.run(["sh", "-c", `${TSBOX} images ${where}`]);
    expect([ran.code, ran.stderr]).toEqual([
      1,
      expect.stringMatching(new RegExp(`cannot write to standard output: write: ${code}.*\\n  \\w`)),
    ]);
  }
});

test("ps, images and stats without any print their heading", async (lab) => {
  expect(await lab.ok("ps")).toBe("CONTAINER ID  IMAGE  COMMAND  CREATED  STATUS  PORTS  NAMES");
  expect(await lab.ok("ps", "-f", "status=exited")).toStartWith("CONTAINER ID");
  expect(await lab.ok("ps", "-q")).toBe("");
  expect(await lab.ok("stats")).toStartWith("CONTAINER ID");
  const empty = await lab.host.exec("sh", "-c", `TSBOX_DATA=${lab.folder}/none ${TSBOX} images`);
  expect(empty).toBe("REPOSITORY  TAG  IMAGE ID  CREATED  SIZE\n");
});

nothingIsLeft();

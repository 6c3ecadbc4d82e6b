import { expect } from "bun:test";
import { TSBOX, until } from "./lab.ts";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

test("run --interactive: standard input reaches it, and its end too; without, there is none", async (lab) => {
  const passed = await lab.tsbox(["run", "--rm", "-i", "--network", "none", "box", "wc", "-c"], { stdin: "12345" });
  expect(passed.stdout.trim()).toBe("5");
  const none = await lab.tsbox(["run", "--rm", "--network", "none", "box", "wc", "-c"], { stdin: "12345" });
  expect(none.stdout.trim()).toBe("0");
  const large = "x".repeat(3_000_000);
  const back = await lab.tsbox(["run", "--rm", "-i", "--network", "none", "box", "cat"], { stdin: large });
  expect(back.stdout === large).toBe(true);
});

test("standard input that cannot be read ends, as an empty one does", async (lab) => {
  const ran = await lab.host.run(["sh", "-c", `${TSBOX} run --rm -i --network none box wc -c < /`]);
  expect([ran.code, ran.stdout.trim()]).toEqual([0, "0"]);
});

test("standard output and standard error stay apart", async (lab) => {
  const ran = await lab.tsbox(["run", "--rm", "--network", "none", "box", "sh", "-c", "echo out; echo err >&2"]);
  expect([ran.stdout, ran.stderr]).toEqual(["out\n", "err\n"]);
});

test("run --rm: gone with its end, in front and behind", async (lab) => {
  await lab.ok("run", "--rm", "--name", "gone", "box", "true");
  expect(await lab.ok("ps", "-aq")).toBe("");
  const id = await lab.ok("run", "-d", "--rm", "box", "sleep", "0.2");
  await until("it is gone", async () => (await lab.host.run(["ls", `/var/lib/tsbox/containers/${id}`])).code !== 0);
  expect((await lab.tsbox(["run", "--rm", "box", "missing"])).code).toBe(127);
  expect(await lab.ok("ps", "-aq")).toBe("");
});

test("run --name: found by it, by the ID and by its beginning; taken, it is refused", async (lab) => {
  const id = await lab.ok("create", "--name", "one", "box", "true");
  for (const word of ["one", id, id.slice(0, 12)]) expect(await lab.ok("inspect", "-f", "{{.Id}}", word)).toBe(id);
  const again = await lab.tsbox(["create", "--name", "one", "box", "true"]);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining(id.slice(0, 12))]);
  await lab.ok("rename", "one", "two");
  await lab.ok("rm", await lab.ok("create", "--name", "one", "box", "true"));
  await lab.ok("rm", "two");
});

test("run --detach: prints the ID and is back while it runs", async (lab) => {
  const id = await lab.ok("run", "-d", "--name", "back", "box", "sleep", "60");
  expect(await lab.read(`/proc/${await lab.pidOf("back")}/cmdline`)).toBe("sleep\x0060\0");
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  await lab.ok("rm", "-f", "back");
});

test("run --label: ps finds it", async (lab) => {
  await lab.ok("create", "--name", "l", "-l", "a=b=c", "--label", "bare", "box", "true");
  expect(await lab.ok("ps", "-a", "--filter", "label=a=b=c", "--format", "{{.Names}}")).toBe("l");
  expect(await lab.ok("ps", "-a", "--filter", "label=a=x", "-q")).toBe("");
  expect(await lab.ok("inspect", "-f", "{{json .Config.Labels}}", "l")).toBe('{"a":"b=c","bare":""}');
  await lab.ok("rm", "l");
});

test("run --restart: on-failure counts, always goes on until it is stopped, no does not", async (lab) => {
  await lab.ok(
    "run",
    "-d",
    "--name",
    "fails",
    "--restart",
    "on-failure:2",
    "--network",
    "none",
    "box",
    "sh",
    "-c",
    "echo run; exit 3",
  );
  await until("it gave up", async () => (await lab.ok("inspect", "-f", "{{.State.Status}}", "fails")) === "exited");
  expect(await lab.ok("logs", "fails")).toBe("run\nrun\nrun");
  expect(await lab.ok("inspect", "-f", "{{.RestartCount}} {{.State.ExitCode}}", "fails")).toBe("2 3");
  await lab.ok("run", "-d", "--name", "always", "--restart", "always", "box", "sh", "-c", "echo run; sleep 0.1");
  await until("it came back", async () => (await lab.ok("logs", "always")).split("\n").length >= 3);
  await lab.ok("stop", "always");
  const before = await lab.ok("logs", "always");
  await Bun.sleep(700);
  expect(await lab.ok("logs", "always")).toBe(before);
  await lab.ok("rm", "fails", "always");
});

test("run --stop-signal: what stop sends", async (lab) => {
  const script = "trap 'echo usr1; exit 7' USR1; echo ready; while :; do sleep 0.1; done";
  await lab.ok("run", "-d", "--name", "s", "--stop-signal", "USR1", "--network", "none", "box", "sh", "-c", script);
  await until("it is ready", async () => (await lab.ok("logs", "s")).includes("ready"));
  await lab.ok("stop", "s");
  expect(await lab.ok("logs", "s")).toBe("ready\nusr1");
  expect(await lab.ok("inspect", "-f", "{{.State.ExitCode}}", "s")).toBe("7");
  await lab.ok("rm", "s");
});

test("run --stop-timeout: SIGKILL comes after it", async (lab) => {
  await lab.ok("run", "-d", "--name", "deaf", "--stop-timeout", "1", "--network", "none", "box", "sleep", "60");
  const before = Date.now();
  await lab.ok("stop", "deaf");
  expect(Date.now() - before).toBeGreaterThan(900);
  expect(Date.now() - before).toBeLessThan(5000);
  expect(await lab.ok("inspect", "-f", "{{.State.ExitCode}}", "deaf")).toBe("137");
  await lab.ok("rm", "deaf");
});

test("signals to run go to the container", async (lab) => {
  const script = "trap 'echo term; exit 9' TERM; echo ready; while :; do sleep 0.1; done";
  const child = lab.host.start([TSBOX, "run", "--rm", "--name", "sig", "--network", "none", "box", "sh", "-c", script]);
  await until("it is ready", async () => (await lab.tsbox(["logs", "sig"])).stdout.includes("ready"));
  await lab.host.exec(
    "sh",
    "-c",
    `kill -TERM $(ps -eo pid,args | awk '/[r]un --rm --name sig/ && !/nsenter/ {print $1}')`,
  );
  expect([await child.exited, await new Response(child.stdout).text()]).toEqual([9, "ready\nterm\n"]);
});

test("a first process that hears no signal is killed by the third that says it should end", async (lab) => {
  const child = lab.host.start([TSBOX, "run", "--rm", "--name", "deaf", "--network", "none", "box", "sleep", "300"]);
  await until("it runs", async () => (await lab.tsbox(["ps", "-q", "-f", "name=deaf"])).stdout !== "");
  const interrupt = (): Promise<unknown> =>
    lab.host.run([
      "sh",
      "-c",
      `kill -INT $(ps -eo pid,args | awk '/[r]un --rm --name deaf/ && !/nsenter/ {print $1}')`,
    ]);
  await interrupt();
  await Bun.sleep(500);
  expect(await lab.ok("inspect", "-f", "{{.State.Status}}", "deaf")).toBe("running");
  // Two that come at once are one.
  await until("it is over", async () => {
    await interrupt();
    await Bun.sleep(200);
    return child.exitCode !== null;
  });
  expect([await child.exited, await new Response(child.stderr).text()]).toEqual([
    137,
    expect.stringContaining("--init"),
  ]);
});

test("start --interactive: the terminal is tied to it, and its exit status is start's", async (lab) => {
  await lab.ok("create", "-i", "--name", "again", "--network", "none", "box", "sh", "-c", "cat; exit 4");
  const ran = await lab.tsbox(["start", "-i", "again"], { stdin: "to it" });
  expect([ran.code, ran.stdout]).toEqual([4, "to it"]);
  await lab.ok("rm", "again");
});

test("attach --no-stdin: output alone; attach --sig-proxy: signals stay here", async (lab) => {
  const script = "trap 'exit 5' TERM; i=0; while :; do echo tick; sleep 0.1; done";
  await lab.ok("run", "-d", "-i", "--name", "a", "--network", "none", "box", "sh", "-c", script);
  const child = lab.host.start([TSBOX, "attach", "--no-stdin", "--sig-proxy=false", "a"]);
  const reader = child.stdout.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toMatch(/^tick\n/);
  reader.releaseLock();
  await lab.host.exec(
    "sh",
    "-c",
    `kill -TERM $(ps -eo pid,args | awk '/[a]ttach --no-stdin/ && !/nsenter/ {print $1}')`,
  );
  await child.exited;
  expect(await lab.ok("inspect", "-f", "{{.State.Status}}", "a")).toBe("running");
  await lab.ok("rm", "-f", "a");
});

test("attach --sig-proxy: by default signals go there, and two see the same", async (lab) => {
  const script = "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.1; done";
  await lab.ok("run", "-d", "--name", "p", "--network", "none", "box", "sh", "-c", script);
  await until("it is ready", async () => (await lab.ok("logs", "p")).includes("ready"));
  const children = ["one", "two"].map(() => lab.host.start([TSBOX, "attach", "p"]));
  await Bun.sleep(700);
  await lab.host.exec(
    "sh",
    "-c",
    `kill -TERM $(ps -eo pid,args | awk '/tsbox attach p/ && !/awk|nsenter/ {print $1; exit}')`,
  );
  for (const child of children)
    expect([await child.exited, await new Response(child.stdout).text()]).toEqual([5, "bye\n"]);
  await lab.ok("rm", "p");
});

test("rm --force: a running one too; without, it is refused", async (lab) => {
  await lab.ok("run", "-d", "--name", "f", "--network", "none", "box", "sleep", "60");
  const refused = await lab.tsbox(["rm", "f"]);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("is running")]);
  const pid = await lab.pidOf("f");
  await lab.ok("rm", "-f", "f");
  expect((await lab.host.run(["ls", `/proc/${pid}`])).code).not.toBe(0);
});

test("rm --volumes: a folder of the host stays", async (lab) => {
  await lab.ok("run", "--name", "v", "-v", `${lab.folder}:/v`, "--network", "none", "box", "touch", "/v/kept");
  await lab.ok("rm", "-v", "v");
  expect(await lab.host.exec("ls", lab.folder)).toContain("kept");
});

test("pause, unpause, kill, wait, restart", async (lab) => {
  await lab.ok(
    "run",
    "-d",
    "--name",
    "p",
    "--network",
    "none",
    "box",
    "sh",
    "-c",
    "while :; do echo x; sleep 0.05; done",
  );
  await lab.ok("pause", "p");
  expect(await lab.ok("ps", "--format", "{{.State}}")).toBe("paused");
  const still = await lab.ok("logs", "p");
  await Bun.sleep(300);
  expect(await lab.ok("logs", "p")).toBe(still);
  expect((await lab.tsbox(["exec", "p", "true"])).stderr).toContain("is paused");
  await lab.ok("unpause", "p");
  await until("it goes on", async () => (await lab.ok("logs", "p")).length > still.length);
  const before = await lab.pidOf("p");
  await lab.ok("restart", "p");
  expect(await lab.pidOf("p")).not.toBe(before);
  const waiting = lab.ok("wait", "p");
  await Bun.sleep(200);
  await lab.ok("pause", "p");
  await lab.ok("kill", "p");
  expect(await waiting).toBe("137");
  expect((await lab.tsbox(["kill", "p"])).code).toBe(1);
  await lab.ok("rm", "p");
});

nothingIsLeft();

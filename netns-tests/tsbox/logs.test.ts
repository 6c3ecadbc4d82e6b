import { expect } from "bun:test";
import { TSBOX, until } from "./lab.ts";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z /;

test("both streams, in the file as Docker writes it", async (lab) => {
  const id = await lab.ok(
    "run",
    "-d",
    "--name",
    "two",
    "--network",
    "none",
    "box",
    "sh",
    "-c",
    "echo out; echo err >&2",
  );
  await lab.ok("wait", "two");
  const ran = await lab.tsbox(["logs", "two"]);
  expect([ran.stdout, ran.stderr]).toEqual(["out\n", "err\n"]);
  const lines = (await lab.read(`/var/lib/tsbox/containers/${id}/log.json`)).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line)).find(({ stream }) => stream === "stderr")).toEqual({
    log: "err\n",
    stream: "stderr",
    time: expect.stringMatching(/Z$/),
  });
  await lab.ok("rm", "two");
});

test("logs --timestamps, logs --tail", async (lab) => {
  await lab.ok(
    "run",
    "-d",
    "--name",
    "t",
    "--network",
    "none",
    "box",
    "sh",
    "-c",
    "for i in 1 2 3 4; do echo $i; done",
  );
  await lab.ok("wait", "t");
  expect(await lab.ok("logs", "t")).toBe("1\n2\n3\n4");
  expect(await lab.ok("logs", "-t", "--tail", "1", "t")).toMatch(new RegExp(`${STAMP.source}4$`));
  await lab.ok("rm", "t");
});

test("logs --tail: the last ones", async (lab) => {
  await lab.ok(
    "run",
    "-d",
    "--name",
    "t",
    "--network",
    "none",
    "box",
    "sh",
    "-c",
    "for i in 1 2 3 4; do echo $i; done",
  );
  await lab.ok("wait", "t");
  expect(await lab.ok("logs", "--tail", "2", "t")).toBe("3\n4");
  expect(await lab.ok("logs", "--tail=all", "t")).toBe("1\n2\n3\n4");
  expect((await lab.tsbox(["logs", "--tail", "x", "t"])).code).toBe(125);
  await lab.ok("rm", "t");
});

test("logs --since: after a time", async (lab) => {
  await lab.ok("run", "-d", "--name", "s", "--network", "none", "box", "sh", "-c", "echo 1; sleep 1.2; echo 2");
  await lab.ok("wait", "s");
  const [first = ""] = (await lab.ok("logs", "-t", "s")).split(" ");
  const between = new Date(Date.parse(first) + 600).toISOString();
  expect(await lab.ok("logs", "--since", between, "s")).toBe("2");
  expect(await lab.ok("logs", "--since", "1h", "s")).toBe("1\n2");
});

test("logs --until: before a time", async (lab) => {
  const [first = ""] = (await lab.ok("logs", "-t", "s")).split(" ");
  const between = new Date(Date.parse(first) + 600).toISOString();
  expect(await lab.ok("logs", "--until", between, "s")).toBe("1");
  expect(await lab.ok("logs", "--until", "1h", "s")).toBe("");
  await lab.ok("rm", "s");
});

test("logs --follow: what comes, to the end", async (lab) => {
  await lab.ok(
    "run",
    "-d",
    "--name",
    "f",
    "--network",
    "none",
    "box",
    "sh",
    "-c",
    "echo 1; sleep 0.5; echo 2; sleep 0.5; echo 3",
  );
  expect(await lab.ok("logs", "-f", "f")).toBe("1\n2\n3");
  await lab.ok("rm", "f");
});

test("a long line, bytes that are no text, and no line break at the end come out as they went in", async (lab) => {
  const script = "head -c 40000 /dev/zero | tr '\\0' a; echo; printf 'é\\tend'";
  await lab.ok("run", "--name", "long", "--network", "none", "box", "sh", "-c", script);
  expect((await lab.tsbox(["logs", "long"])).stdout).toBe(`${"a".repeat(40_000)}\né\tend`);
  await lab.ok("rm", "long");
});

test("a log that is followed while it is rotated loses nothing", async (lab) => {
  const count = 260_000;
  await lab.ok("run", "-d", "--name", "r", "--network", "none", "box", "sh", "-c", `sleep 1; seq ${count}`);
  const child = lab.host.start([TSBOX, "logs", "-f", "r"]);
  const text = await new Response(child.stdout).text();
  await until("it is over", async () => (await lab.ok("inspect", "-f", "{{.State.Status}}", "r")) === "exited");
  const id = await lab.ok("inspect", "-f", "{{.Id}}", "r");
  expect(await lab.host.exec("ls", `/var/lib/tsbox/containers/${id}`)).toContain("log.json.1");
  const lines = text.trim().split("\n");
  expect([lines[0], lines.at(-1), lines.length]).toEqual(["1", String(count), count]);
  await lab.ok("rm", "r");
});

nothingIsLeft();

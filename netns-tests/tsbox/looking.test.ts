import { expect } from "bun:test";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

test("ps --all: also those that do not run", async (lab) => {
  const runs = await lab.ok("run", "-d", "--name", "runs", "--network", "none", "box", "sleep", "60");
  const made = await lab.ok("create", "--name", "made", "box", "true");
  expect(await lab.ok("ps", "--format", "{{.ID}}")).toBe(runs.slice(0, 12));
  expect((await lab.ok("ps", "-a", "--format", "{{.ID}}")).split("\n").sort()).toEqual(
    [runs, made].map((id) => id.slice(0, 12)).sort(),
  );
});

test("ps --quiet: short IDs alone", async (lab) => {
  expect(await lab.ok("ps", "-q")).toBe((await lab.ok("inspect", "-f", "{{.Id}}", "runs")).slice(0, 12));
  expect(await lab.ok("container", "ls", "-aq")).toBe(await lab.ok("ps", "-a", "--format", "{{.ID}}"));
});

test("ps --filter: by each of its keys", async (lab) => {
  await lab.ok("run", "--name", "three", "--network", "none", "-l", "k=v", "box", "sh", "-c", "exit 3").catch(() => {});
  const named = async (...filters: string[]): Promise<string> =>
    (await lab.ok("ps", "-a", "--format", "{{.Names}}", ...filters.flatMap((f) => ["-f", f])))
      .split("\n")
      .sort()
      .join(" ");
  expect(await named("status=exited")).toBe("three");
  expect(await named("status=running", "status=created")).toBe("made runs");
  expect(await named("exited=3")).toBe("three");
  expect(await named("exited=4")).toBe("");
  expect(await named("name=ma")).toBe("made");
  expect(await named("label=k")).toBe("three");
  expect(await named("ancestor=box", "name=runs")).toBe("runs");
  const id = await lab.ok("inspect", "-f", "{{.Id}}", "made");
  expect(await named(`id=${id.slice(0, 9)}`)).toBe("made");
  for (const wrong of ["colour=red", "status=up", "status=", "exited=x", "exited", "name"])
    expect([wrong, (await lab.tsbox(["ps", "-f", wrong])).code]).toEqual([wrong, 125]);
});

test("ps --format: fields by name", async (lab) => {
  expect(await lab.ok("ps", "--format", "{{.Names}} {{.State}} {{.Image}}")).toBe("runs running box");
  expect(JSON.parse(await lab.ok("ps", "--format", "json"))).toMatchObject({ Names: "runs", State: "running" });
});

test("inspect --format: what is so by the kernel's word", async (lab) => {
  const pid = await lab.ok("inspect", "--format", "{{.State.Pid}}", "runs");
  expect(await lab.read(`/proc/${pid}/cmdline`)).toBe("sleep\x0060\0");
  const [view] = JSON.parse(await lab.ok("inspect", "runs"));
  expect(view).toMatchObject({
    Name: "/runs",
    Path: "sleep",
    Args: ["60"],
    State: { Running: true, Pid: Number(pid) },
  });
  expect(await lab.ok("inspect", "-f", "{{range .Config.Env}}{{println .}}{{end}}", "runs")).toContain("PATH=");
  const wrong = await lab.tsbox(["inspect", "-f", "{{.NoSuch}}", "runs"]);
  expect([wrong.code, wrong.stderr]).toEqual([125, expect.stringContaining('"NoSuch"')]);
});

test("top and stats tell what /proc and the cgroup tell", async (lab) => {
  expect(await lab.ok("top", "runs")).toMatch(new RegExp(`^0 +${await lab.pidOf("runs")} .*sleep 60$`, "m"));
  const row = (await lab.ok("stats", "runs")).split("\n")[1] ?? "";
  expect(row).toMatch(/^[0-9a-f]{12} {2}runs {2}\d+\.\d\d% {2}.* 1$/);
});

test("info has the lines that scripts look for", async (lab) => {
  const info = await lab.ok("info");
  expect(info).toContain("Storage Driver: overlay");
  expect(info).toMatch(/^Containers: 3$/m);
  expect(info).toMatch(/^ Running: 1$/m);
});

nothingIsLeft();

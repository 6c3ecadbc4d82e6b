import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { boxArchive } from "./lab.ts";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

test("import from a pipe, compressed", async (lab) => {
  const archive = Bun.gzipSync(readFileSync(await boxArchive()));
  const ran = await lab.tsbox(["import", "-", "piped:1"], { stdin: archive });
  expect(ran.stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  expect(await lab.ok("run", "--rm", "--network", "none", "piped:1", "cat", "/etc/plain")).toBe("data");
  await lab.ok("rmi", "piped:1");
});

test("images --format: fields by name", async (lab) => {
  await lab.ok("import", await boxArchive(), "other:2");
  expect((await lab.ok("images", "--format", "{{.Repository}}:{{.Tag}}")).split("\n").sort()).toEqual([
    "box:latest",
    "other:2",
  ]);
  const ran = await lab.tsbox(["images", "--format", "{{upper .Tag}}"]);
  expect([ran.code, ran.stderr]).toEqual([125, expect.stringContaining('"upper"')]);
});

test("images --quiet: IDs, each once", async (lab) => {
  expect(await lab.ok("images", "-q")).toBe((await lab.ok("inspect", "-f", "{{.Id}}", "other:2")).slice(7, 19));
  await lab.ok("rmi", "other:2");
});

test("images --all: also one whose name moved on", async (lab) => {
  const folder = `${lab.folder}/tree`;
  const make = async (text: string): Promise<void> => {
    await lab.host.exec(
      "sh",
      "-c",
      `mkdir -p ${folder} && echo ${text} > ${folder}/x && tar -C ${folder} -cf ${folder}.tar .`,
    );
    await lab.ok("import", `${folder}.tar`, "moving");
  };
  await make("1");
  const first = await lab.ok("images", "-q", "--format", "{{.ID}}");
  await make("2");
  expect((await lab.ok("images")).includes("<none>")).toBe(false);
  expect(await lab.ok("images", "-a")).toContain("<none>");
  const id =
    (await lab.ok("images", "-a", "--format", "{{.Repository}} {{.ID}}"))
      .split("\n")
      .find((line) => line.startsWith("<none>"))
      ?.split(" ")[1] ?? "";
  expect(first).toContain(id);
  await lab.ok("rmi", "moving", id);
});

test("rmi --force: all names at once; without, one of several names alone goes; never under a container", async (lab) => {
  const archive = `${lab.folder}/n.tar`;
  await lab.host.exec(
    "sh",
    "-c",
    `mkdir -p ${lab.folder}/n/bin && cp $(command -v busybox) ${lab.folder}/n/bin/ && tar -C ${lab.folder}/n -cf ${archive} .`,
  );
  await lab.ok("import", archive, "n:1");
  await lab.ok("import", archive, "n:2");
  const id = (await lab.ok("inspect", "-f", "{{.Id}}", "n:1")).slice(7, 19);
  expect((await lab.tsbox(["rmi", id])).stderr).toContain("n:1, n:2");
  await lab.ok("rmi", "n:1");
  await lab.ok("import", archive, "n:1");
  await lab.ok("create", "--name", "user", "n:1", "/bin/busybox");
  expect((await lab.tsbox(["rmi", "-f", id])).stderr).toContain("is used by container user");
  expect(await lab.ok("images", "--format", "{{.Repository}}")).toContain("n\n");
  await lab.ok("rm", "user");
  await lab.ok("rmi", "-f", id);
  expect(await lab.host.exec("ls", "/var/lib/tsbox/images")).not.toContain(id);
});

nothingIsLeft();

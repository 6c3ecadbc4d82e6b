import { expect } from "bun:test";
import { type Lab, TSBOX, traces, until } from "./lab.ts";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

const LEASES = "/var/lib/tsbox/leases/tsbox";

/** Keeps everybody from addresses until it is disposed, so that a task stops in the middle. */
async function holdLeases(lab: Lab): Promise<AsyncDisposable> {
  await lab.ok("run", "--rm", "box", "true");
  const holder = lab.host.start(["flock", `${LEASES}/lock`, "sh", "-c", `touch ${lab.folder}/held; exec sleep 60`]);
  await until("the leases are held", async () => (await lab.host.run(["rm", `${lab.folder}/held`])).code === 0);
  return {
    async [Symbol.asyncDispose]() {
      await kill(lab, "sleep 60");
      await holder.exited;
    },
  };
}

const kill = (lab: Lab, args: string): Promise<unknown> =>
  lab.host.run(["sh", "-c", `kill -9 $(ps -eo pid,args | awk '/${args}/ && !/awk|nsenter|sh -c/ {print $1}')`]);

const tasks = async (lab: Lab): Promise<number> =>
  Number(await lab.host.exec("sh", "-c", "ps -eo args | grep -c '/[t]snet-cni$'; true"));

const begin = (lab: Lab, name: string) =>
  lab.host.start([TSBOX, "run", "-d", "--name", name, "-p", "8091:80", "box", "httpd", "-f", "-h", "/www"]);

test("the process that connects is killed: run says so, and nothing of it is left", async (lab) => {
  const held = await holdLeases(lab);
  const child = begin(lab, "one");
  await until("it is at it", async () => (await tasks(lab)) === 1);
  await kill(lab, "[/]tsnet-cni$");
  await held[Symbol.asyncDispose]();
  expect([await child.exited, await new Response(child.stderr).text()]).toEqual([
    125,
    expect.stringMatching(/cannot connect to the network: .*tsnet-cni gave no answer \(SIGKILL\)/),
  ]);
  expect(await traces(lab)).toEqual([]);
});

test("run is killed while it connects: the next command waits for that process and takes away all it made", async (lab) => {
  const held = await holdLeases(lab);
  const child = begin(lab, "two");
  await until("it is at it", async () => (await tasks(lab)) === 1);
  await kill(lab, "tsbox run -d --name two");
  await child.exited;
  const next = lab.tsbox(["ps", "-a", "--format", "{{.Names}} {{.State}}"]);
  await Bun.sleep(700);
  expect(await tasks(lab)).toBe(1);
  await held[Symbol.asyncDispose]();
  expect(await next).toMatchObject({ code: 0, stderr: "" });
  expect(await tasks(lab)).toBe(0);
  await lab.ok("rm", "-f", "two");
  expect(await traces(lab)).toEqual([]);
  await lab.ok("run", "-d", "--name", "after", "-p", "8091:80", "box", "sleep", "60");
  await lab.ok("rm", "-f", "after");
});

test("the process that disconnects is killed: the next command does it again", async (lab) => {
  await lab.ok("run", "-d", "--name", "three", "-p", "8091:80", "box", "sleep", "60");
  const held = await holdLeases(lab);
  const child = lab.host.start([TSBOX, "rm", "-f", "three"]);
  await until("it is at it", async () => (await tasks(lab)) === 1);
  await kill(lab, "[/]tsnet-cni$");
  // The command, or the monitor's, whichever was not it, takes over.
  await held[Symbol.asyncDispose]();
  await child.exited;
  await lab.tsbox(["rm", "-f", "three"]);
  expect(await lab.ok("ps", "-aq")).toBe("");
  expect(await traces(lab)).toEqual([]);
});

nothingIsLeft();

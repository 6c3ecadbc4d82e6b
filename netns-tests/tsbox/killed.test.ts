import { expect } from "bun:test";
import { boxArchive, type Lab, TSBOX, traces, until } from "./lab.ts";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

/** How many moments of a start are tried; more in the soak. */
const MOMENTS = process.env["TSNET_SOAK"] === "1" ? 60 : 8;

/** Kills, on the lab's host, the processes whose command line matches a pattern of awk. */
const killAll = (lab: Lab, pattern: string): Promise<unknown> =>
  lab.host.run([
    "sh",
    "-c",
    `kill -9 $(ps -eo pid,args | awk '/${pattern}/ && !/awk|nsenter|sh -c cd/ {print $1}') 2>/dev/null; true`,
  ]);

/** What `ps -a` shows of one container. */
const state = async (lab: Lab, name: string): Promise<string> =>
  lab.ok("ps", "-a", "-f", `name=${name}`, "--format", "{{.State}}");

test("run killed at any moment of its start: the next command puts it right, whatever was made", async (lab) => {
  const seen = new Set<string>();
  for (let moment = 0; moment < MOMENTS; moment++) {
    const name = `k${moment}`;
    const child = lab.host.start([
      TSBOX,
      "run",
      "-d",
      "--name",
      name,
      "-p",
      "8070:80",
      "box",
      "httpd",
      "-f",
      "-h",
      "/www",
    ]);
    await Bun.sleep(15 + moment * (120 / MOMENTS));
    await killAll(lab, `tsbox run -d --name ${name}`);
    await child.exited;
    const left = await state(lab, name);
    seen.add(left);
    // Either it was never made, or is there whole; half-started it does not stay.
    expect(["", "created", "running"]).toContain(left);
    if (left === "created")
      expect((await traces(lab)).filter((line) => !/^(k\d+|[0-9a-f]{64})$/.test(line))).toEqual([]);
    // The port is free or its own: it can be used now.
    if (left !== "") await lab.ok("rm", "-f", name);
    await lab.ok("run", "-d", "--rm", "--name", "after", "-p", "8070:80", "box", "httpd", "-f", "-h", "/www");
    await lab.ok("rm", "-f", "after");
    await lab.ok("system", "gc");
    expect(await traces(lab)).toEqual([]);
  }
  expect(seen.size).toBeGreaterThan(1);
});

test("a killed monitor is replaced, and the container goes on", async (lab) => {
  await lab.ok(
    "run",
    "-d",
    "--name",
    "m",
    "-p",
    "8071:80",
    "box",
    "sh",
    "-c",
    "while :; do echo tick; sleep 0.1; done",
  );
  const pid = await lab.pidOf("m");
  await killAll(lab, "tsbox-mon");
  expect(await lab.host.exec("cat", `/proc/${pid}/cmdline`)).toContain("tick");
  expect(await state(lab, "m")).toBe("running");
  expect(await lab.pidOf("m")).toBe(pid);
  const before = (await lab.ok("logs", "m")).length;
  await until("its output is logged again", async () => (await lab.ok("logs", "m")).length > before);
  expect((await lab.tsbox(["exec", "m", "echo", "still"])).stdout).toBe("still\n");
  await lab.ok("stop", "m");
  expect(await lab.ok("inspect", "-f", "{{.State.ExitCode}}", "m")).toBe("255");
  await lab.ok("rm", "m");
});

test("monitor and container killed at once: 255, its port free, started again where its policy says so", async (lab) => {
  await lab.ok("run", "-d", "--name", "gone", "-p", "8072:80", "box", "sleep", "101");
  await lab.ok("run", "-d", "--name", "back", "--restart", "always", "-p", "8073:80", "box", "sleep", "102");
  await lab.ok("run", "-d", "--name", "auto", "--rm", "-p", "8074:80", "box", "sleep", "103");
  await killAll(lab, "tsbox-mon|sleep 10[123]");
  await lab.ok("system", "start");
  expect([await state(lab, "gone"), await state(lab, "back"), await state(lab, "auto")]).toEqual([
    "exited",
    "running",
    "",
  ]);
  expect(await lab.ok("inspect", "-f", "{{.State.ExitCode}} {{.State.Error}}", "gone")).toBe(
    "255 the monitor was lost",
  );
  expect(await lab.host.exec("nft", "list", "ruleset")).not.toMatch(/807[24]/);
  expect(await lab.host.exec("nft", "list", "ruleset")).toMatch(/8073/);
  await lab.ok("rm", "-f", "gone", "back");
});

test("a killed client of run leaves the container running; when that ends, its monitor has all of it taken away", async (lab) => {
  const child = lab.host.start([TSBOX, "run", "--rm", "--name", "c", "-p", "8075:80", "box", "sleep", "2"]);
  await until("it runs", async () => (await state(lab, "c")) === "running");
  await killAll(lab, "tsbox run --rm --name c");
  await child.exited;
  expect(await state(lab, "c")).toBe("running");
  // Nobody calls tsbox from here on.
  await until("nothing is left", async () => (await traces(lab)).length === 0);
});

test("killed while it stops, and while it removes", async (lab) => {
  for (let moment = 0; moment < MOMENTS / 2; moment++) {
    const name = `s${moment}`;
    await lab.ok("run", "-d", "--name", name, "-p", "8076:80", "box", "httpd", "-f");
    const word = moment % 2 === 0 ? "kill" : "rm -f";
    const child = lab.host.start([TSBOX, ...word.split(" "), name]);
    await Bun.sleep(15 + moment * 8);
    await killAll(lab, `tsbox ${word} ${name}`);
    await child.exited;
    const left = await state(lab, name);
    expect(["", "running", "exited"]).toContain(left);
    if (left !== "") await lab.ok("rm", "-f", name);
    await lab.ok("system", "gc");
    expect(await traces(lab)).toEqual([]);
  }
});

test("after a reboot: what should run does, the rest is over, nothing of before is left", async (lab) => {
  await lab.ok("run", "-d", "--name", "always", "--restart", "always", "-p", "8077:80", "box", "sleep", "111");
  await lab.ok("run", "-d", "--name", "stopped", "--restart", "unless-stopped", "box", "sleep", "112");
  await lab.ok("run", "-d", "--name", "plain", "box", "sleep", "113");
  await lab.ok("kill", "stopped");
  // What a reboot does: every process ends, /run is empty, links and rules are gone; another boot is told by its ID.
  await killAll(lab, "tsbox-mon|sleep 11[123]");
  const reboot = `
    umount /run/tsbox/netns/* 2>/dev/null
    rm -rf /run/tsbox
    nft flush ruleset
    ip link del tsbox0
    for d in /sys/fs/cgroup/*/tsbox/* /sys/fs/cgroup/tsbox/*; do rmdir $d 2>/dev/null; done
    sed 's/^./f/;s/^f\\(.......\\)-/f\\1-/' /proc/sys/kernel/random/boot_id > /run/boot-id
    grep -q '^f' /proc/sys/kernel/random/boot_id && sed -i 's/^f/e/' /run/boot-id
    mount --bind /run/boot-id /proc/sys/kernel/random/boot_id`;
  await Bun.sleep(200);
  await lab.host.exec("sh", "-c", reboot);
  try {
    await lab.ok("system", "start");
    expect([await state(lab, "always"), await state(lab, "stopped"), await state(lab, "plain")]).toEqual([
      "running",
      "exited",
      "exited",
    ]);
    expect(await lab.host.exec("nft", "list", "ruleset")).toMatch(/8077/);
    expect(await lab.ok("port", "always")).toBe("80/tcp -> 0.0.0.0:8077");
    await lab.ok("rm", "-f", "always", "stopped", "plain");
    await lab.ok("system", "gc");
    expect(await traces(lab)).toEqual([]);
  } finally {
    await lab.host.exec("umount", "/proc/sys/kernel/random/boot_id");
  }
});

test("two commands at once on one container: each works or says why, and it stays whole", async (lab) => {
  for (let round = 0; round < 3; round++) {
    await lab.ok("create", "--name", "two", "-p", "8078:80", "box", "httpd", "-f");
    const all = [
      "start two",
      "start two",
      "stop two",
      "restart two",
      "kill two",
      "pause two",
      "unpause two",
      "rename two too",
      "rm two",
    ];
    const results = await Promise.all(all.map((line) => lab.tsbox(line.split(" "))));
    for (const [i, ran] of results.entries()) {
      expect(`${all[i]}: ${ran.code <= 1}`).toBe(`${all[i]}: true`);
      expect(ran.stderr).not.toMatch(/\n\s+at |damaged|ENOENT/);
    }
    await lab.tsbox(["rm", "-f", "two"]);
    await lab.tsbox(["rm", "-f", "too"]);
    await lab.ok("system", "gc");
    expect(await traces(lab)).toEqual([]);
  }
});

test("gc: rubbish of every kind goes, what is in use stays", async (lab) => {
  await lab.ok("run", "-d", "--name", "kept", "-p", "8079:80", "box", "sleep", "60");
  const before = await traces(lab);
  const id = "ab".repeat(32);
  const mess = `
    mkdir -p /var/lib/tsbox/containers/${id}/upper /var/lib/tsbox/images/.import-1234/rootfs /var/lib/tsbox/images/${id}/rootfs
    mkdir -p /run/tsbox/c/${id.slice(0, 20)}
    printf ${"cd".repeat(32)} > /var/lib/tsbox/names/ghost
    touch /run/tsbox/netns/${id}; unshare --net sh -c 'mount --bind /proc/self/ns/net /run/tsbox/netns/${id}' 
    for d in /sys/fs/cgroup/*/tsbox /sys/fs/cgroup/tsbox; do [ -d $d ] && mkdir $d/${id}; done; true`;
  await lab.host.exec("sh", "-c", mess);
  const said = await lab.ok("system", "gc");
  for (const word of ["half-made container", "cgroups", "network namespace", "folder", "1 names", "images"])
    expect(said).toContain(word);
  expect(await traces(lab)).toEqual(before);
  expect(await lab.host.exec("ls", "-A", "/var/lib/tsbox/images")).not.toMatch(/import|^ab/m);
  expect(await lab.ok("system", "gc")).toBe("");
  await lab.ok("rm", "-f", "kept");
});

test("gc with another data folder leaves these containers alone, and its own network apart", async (lab) => {
  await lab.ok("run", "-d", "--name", "mine", "-p", "8081:80", "box", "httpd", "-f", "-h", "/www");
  const other = `TSBOX_DATA=${lab.folder}/other ${TSBOX}`;
  const run = (line: string): Promise<string> => lab.host.exec("sh", "-ec", `${other} ${line}`);
  await run(`import ${await boxArchive()} box`);
  await run("run -d --name theirs -p 8082:80 box httpd -f -h /www");
  await run("system gc");
  await lab.ok("system", "gc");
  for (const port of [8081, 8082])
    expect(await lab.host.exec("curl", "-s", "-m", "5", `http://127.0.0.1:${port}/`)).toBe("hello\n");
  await run("rm -f theirs");
  await lab.ok("rm", "-f", "mine");
});

nothingIsLeft();

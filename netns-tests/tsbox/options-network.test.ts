import { expect } from "bun:test";
import type { Lab } from "./lab.ts";
import { TSBOX, until } from "./lab.ts";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

const fetch = (lab: Lab, url: string) => lab.host.run(["curl", "-sS", "-m", "3", url]);
const web = (lab: Lab, name: string, ...options: string[]): Promise<string> =>
  lab.ok("run", "-d", "--name", name, ...options, "box", "httpd", "-f", "-h", "/www");
const answers = (lab: Lab, url: string): Promise<void> =>
  until(url, async () => (await fetch(lab, url)).stdout === "hello\n", 5000);

test("run --network: bridge has a link, an address and a way out; none has only lo; host is the host's", async (lab) => {
  await lab.ok("run", "-d", "--name", "b", "box", "sleep", "60");
  const inside = async (name: string): Promise<{ ifname: string; flags: string[]; addr_info: { local: string }[] }[]> =>
    JSON.parse(await lab.host.exec("nsenter", `--target=${await lab.pidOf(name)}`, "--net", "ip", "-j", "-4", "addr"));
  const bridge = await inside("b");
  expect(bridge.map(({ ifname }) => ifname)).toEqual(["lo", "eth0"]);
  expect(bridge[1]?.addr_info[0]?.local).toMatch(/^10\.86\./);
  expect(bridge[1]?.addr_info[0]?.local).toBe(await lab.ok("inspect", "-f", "{{.NetworkSettings.IPAddress}}", "b"));
  expect(await lab.read(`/proc/${await lab.pidOf("b")}/root/etc/hosts`)).toContain(
    `${bridge[1]?.addr_info[0]?.local}\t`,
  );
  await lab.ok("run", "-d", "--name", "n", "--network", "none", "box", "sleep", "60");
  expect((await inside("n")).map(({ ifname, flags }) => [ifname, flags.includes("UP")])).toEqual([["lo", true]]);
  await lab.ok("run", "-d", "--name", "h", "--network", "host", "box", "sleep", "60");
  const namespace = async (pid: string): Promise<string> => lab.host.exec("readlink", `/proc/${pid}/ns/net`);
  expect(await namespace(await lab.pidOf("h"))).toBe(await namespace("self"));
  const name = (await lab.host.exec("hostname")).trim();
  expect(await lab.ok("exec", "h", "sh", "-c", "echo $HOSTNAME $(hostname)")).toBe(`${name} ${name}`);
  expect(await lab.ok("exec", "h", "cat", "/etc/hosts")).toBe((await lab.read("/etc/hosts")).trimEnd());
  await lab.ok("rm", "-f", "b", "n", "h");
});

test("run --publish: reached on the host, on its other addresses, and from a neighbour; gone with the container", async (lab) => {
  await web(lab, "web", "-p", "8080:80");
  await answers(lab, "http://127.0.0.1:8080/");
  expect(await lab.ok("port", "web")).toBe("80/tcp -> 0.0.0.0:8080");
  const gateway = await lab.ok("inspect", "-f", "{{.NetworkSettings.Gateway}}", "web");
  expect(await lab.ok("run", "--rm", "box", "wget", "-qO-", `http://${gateway}:8080/`)).toBe("hello");
  await lab.ok("stop", "web");
  expect((await fetch(lab, "http://127.0.0.1:8080/")).code).not.toBe(0);
  await lab.ok("start", "web");
  await answers(lab, "http://127.0.0.1:8080/");
  await lab.ok("rm", "-f", "web");
});

test("a port without one of the host gets a free one, each another", async (lab) => {
  await web(lab, "w1", "-p", "80");
  await web(lab, "w2", "-p", "127.0.0.1::80");
  const ports = await Promise.all(["w1", "w2"].map((name) => lab.ok("port", name, "80")));
  expect(ports[1]).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(ports[0]?.split(":")[1]).not.toBe(ports[1]?.split(":")[1]);
  for (const port of ports) await answers(lab, `http://127.0.0.1:${port.split(":")[1]}/`);
  await lab.ok("rm", "-f", "w1", "w2");
});

test("a range of ports, and udp", async (lab) => {
  await lab.ok("run", "-d", "--name", "r", "-p", "9000-9002:80-82", "-p", "9053:53/udp", "box", "sleep", "60");
  const rules = await lab.host.exec("nft", "list", "ruleset");
  for (const text of ["tcp . 9000", "tcp . 9001", "tcp . 9002", "udp . 9053"]) expect(rules).toContain(text);
  await lab.ok("rm", "-f", "r");
  expect(await lab.host.exec("nft", "list", "ruleset")).not.toContain("9001");
});

test("after somebody's flush of the rule set tsnet repair puts ports back, as docs/tsbox.md says", async (lab) => {
  await web(lab, "flushed", "-p", "8095:80");
  await answers(lab, "http://127.0.0.1:8095/");
  await lab.host.exec("nft", "flush", "ruleset");
  expect((await fetch(lab, "http://127.0.0.1:8095/")).code).not.toBe(0);
  const tsnet = TSBOX.replace(/tsbox$/, "tsnet");
  await lab.host.exec(tsnet, "repair", "--cache-dir", "/var/lib/tsbox/cni");
  await answers(lab, "http://127.0.0.1:8095/");
  await lab.ok("rm", "-f", "flushed");
});

test("a container that ended by itself gives its port to the next one", async (lab) => {
  await lab.ok("run", "-d", "--name", "short", "-p", "8090:80", "box", "sleep", "0.2");
  await lab.ok("wait", "short");
  await web(lab, "long", "-p", "8090:80");
  await answers(lab, "http://127.0.0.1:8090/");
  await lab.ok("rm", "-f", "short", "long");
});

nothingIsLeft();

/**
 * The demo: a network namespace plays the host; in it, two containers on a bridge, run by `tsbox` from a root file system
 * made of Debian's busybox-static: a web server behind a published port, and a client. Every line is checked: what fails
 * ends the demo with 1.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { picture } from "./picture.ts";
import { checked, type Namespace, Stage } from "./stage.ts";

const PORT = 8080;
const BIN = join(import.meta.dir, "../../dist/bin");
const TSBOX = join(BIN, "tsbox");
const PAGE = "Hello from a container behind a port of the host.\n";

const stage = new Stage();
let status = 1;
try {
  await show();
  status = 0;
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
} finally {
  stage.close();
}
process.exit(status);

async function show(): Promise<void> {
  const folder = stage.own(mkdtempSync(join(tmpdir(), "tsbox-demo-")), (path) => rmSync(path, { recursive: true }));
  const host = stage.namespace("host");
  const places = { TSBOX_DATA: join(folder, "data"), TSBOX_RUN: join(folder, "run") };
  const tsbox = (...args: string[]) => host.run([TSBOX, ...args], places);
  console.log(
    "Containers without a daemon: namespaces, limits and filter by tsbox, networks by this project's plugins.\n",
  );

  say("tar -C / -c bin/busybox | tsbox import - busybox");
  checked(host.run(["tar", "-C", "/", "-cf", join(folder, "busybox.tar"), "bin/busybox"]));
  console.log(indent(checked(tsbox("import", join(folder, "busybox.tar"), "busybox"))));

  mkdirSync(join(folder, "www"));
  writeFileSync(join(folder, "www", "index.html"), PAGE);
  stage.own("containers", () => {
    tsbox("rm", "-f", "web", "client");
    tsbox("system", "gc");
  });
  say(`tsbox run -d --name web -p ${PORT}:80 -m 64m -v WWW:/www:ro busybox busybox httpd -f -h /www`);
  const volume = `${join(folder, "www")}:/www:ro`;
  checked(
    tsbox(
      "run",
      "-d",
      "--name",
      "web",
      "-p",
      `${PORT}:80`,
      "-m",
      "64m",
      "-v",
      volume,
      "busybox",
      "busybox",
      "httpd",
      "-f",
      "-h",
      "/www",
    ),
  );
  const inspect = (name: string, path: string): string => checked(tsbox("inspect", "-f", `{{${path}}}`, name)).trim();
  const address = inspect("web", ".NetworkSettings.IPAddress");
  const gateway = inspect("web", ".NetworkSettings.Gateway");
  const web = container(stage, "web", inspect("web", ".State.Pid"));
  await stage.listening(web, 80);
  console.log(`  the web server has ${address}`);

  say("tsbox run -d --name client busybox busybox sleep 600");
  checked(tsbox("run", "-d", "--name", "client", "busybox", "busybox", "sleep", "600"));
  const client = container(stage, "client", inspect("client", ".State.Pid"));

  say(`tsbox exec client busybox ping ${address}`);
  const ping = checked(tsbox("exec", "client", "busybox", "ping", "-c", "1", "-W", "2", address));
  console.log(indent(ping.split("\n")[1] ?? ""));

  say(`tsbox exec client busybox wget -qO- http://${address}/`);
  page(checked(tsbox("exec", "client", "busybox", "wget", "-qO-", `http://${address}/`)));

  say(`host: curl http://127.0.0.1:${PORT}/   (the published port)`);
  page(checked(host.run(["curl", "-sS", "-m", "5", `http://127.0.0.1:${PORT}/`])));

  say(`tsbox exec client busybox wget -qO- http://${gateway}:${PORT}/   (the published port, from a neighbour)`);
  page(checked(tsbox("exec", "client", "busybox", "wget", "-qO-", `http://${gateway}:${PORT}/`)));

  say("What was made");
  console.log(picture(host, [web, client], { published: `${PORT} → ${address}:80` }));
  console.log(indent(checked(tsbox("ps", "--format", "{{.Names}}: {{.Status}} {{.Ports}}"))));

  say("tsbox rm -f web client");
  checked(tsbox("rm", "-f", "web", "client"));
  const left = checked(host.run(["ip", "-o", "link", "show", "type", "veth"])).trim();
  if (left !== "") throw new Error(`links were left behind:\n${left}`);
  const leases = readdirSync(join(places.TSBOX_DATA, "leases"), { recursive: true })
    .map(String)
    .filter((path) => /(^|\/)[0-9]+(\.[0-9]+){3}$/.test(path));
  if (leases.length > 0) throw new Error(`addresses are still in use: ${leases.join(", ")}`);
  const ports = JSON.parse(checked(host.run([join(BIN, "tsnet"), "ports", "ls", "--json"]))) as unknown[];
  if (ports.length > 0) throw new Error(`ports are still published: ${JSON.stringify(ports)}`);
  const containers = readdirSync(join(places.TSBOX_DATA, "containers"));
  if (containers.length > 0) throw new Error(`containers are still there: ${containers.join(", ")}`);
  console.log("  nothing is left: no container, no link, no address in use, no published port\n");
}

/** A container's network, by the number of its first process. */
function container(on: Stage, role: string, pid: string): Namespace {
  return on.at(role, role, `/proc/${pid}/ns/net`);
}

function page(text: string): void {
  if (text !== PAGE) throw new Error(`another page came: ${JSON.stringify(text)}`);
  console.log(indent(text));
}

function say(line: string): void {
  console.log(`── ${line}`);
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, "  ");
}

/**
 * The demo: a network namespace plays the host; in it, two containers' namespaces on a bridge, with real processes in them,
 * attached by the plugins through `tsnet cni`, as any runtime would. Every line is checked: what fails ends the demo with 1.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { picture } from "./picture.ts";
import { checked, run, Stage } from "./stage.ts";

const NETWORK = "demo";
const PORT = 8080;
const TSNET = join(import.meta.dir, "../../dist/bin/tsnet");

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
  const folder = stage.own(mkdtempSync(join(tmpdir(), "tsnet-demo-")), (path) => rmSync(path, { recursive: true }));
  const config = writeConfig(folder);
  console.log("A network of containers: a bridge, addresses from 10.88.0.0/24, masquerading, and published ports.\n");

  const host = stage.namespace("host");
  const web = stage.namespace("web");
  const client = stage.namespace("client");
  const tsnet = (args: string[], capabilities = {}) =>
    host.run([TSNET, "cni", ...args, "--cache-dir", join(folder, "cache")], {
      NETCONFPATH: config,
      CNI_PATH: join(import.meta.dir, "../../dist/cni"),
      CAP_ARGS: JSON.stringify(capabilities),
    });

  say(`tsnet cni add ${NETWORK} ${web.path}   (publishing port ${PORT} of the host)`);
  const published = { portMappings: [{ hostPort: PORT, containerPort: 80, protocol: "tcp" }] };
  stage.own(web, () => tsnet(["del", NETWORK, web.path], published));
  const webResult = JSON.parse(checked(tsnet(["add", NETWORK, web.path], published)));
  const webAddress = addressOf(webResult);
  console.log(`  the web server's namespace has ${webAddress}`);

  say(`tsnet cni add ${NETWORK} ${client.path}`);
  stage.own(client, () => tsnet(["del", NETWORK, client.path]));
  const clientResult = JSON.parse(checked(tsnet(["add", NETWORK, client.path])));
  console.log(`  the client's namespace has ${addressOf(clientResult)}`);

  writeFileSync(join(folder, "index.html"), "Hello from a container behind a port of the host.\n");
  stage.start(web, ["busybox", "httpd", "-f", "-p", "80", "-h", folder]);
  await stage.listening(web, 80);

  say(`client: ping ${webAddress}`);
  console.log(
    indent(checked(client.run(["ping", "-c", "2", "-i", "0.2", "-W", "2", webAddress])).split("\n")[1] ?? ""),
  );

  say(`client: curl http://${webAddress}/`);
  console.log(indent(checked(client.run(["curl", "-sS", "-m", "5", `http://${webAddress}/`]))));

  say(`host: curl http://127.0.0.1:${PORT}/   (the published port)`);
  console.log(indent(checked(host.run(["curl", "-sS", "-m", "5", `http://127.0.0.1:${PORT}/`]))));

  const gateway: string = webResult.ips[0].gateway;
  say(`client: curl http://${gateway}:${PORT}/   (the published port, from a neighbour)`);
  console.log(indent(checked(client.run(["curl", "-sS", "-m", "5", `http://${gateway}:${PORT}/`]))));

  say("What was made");
  console.log(picture(host, [web, client], { published: `${PORT} → ${webAddress}:80` }));

  say("tsnet cni check, then del for both");
  checked(tsnet(["check", NETWORK, web.path], published));
  checked(tsnet(["check", NETWORK, client.path]));
  stage.release(client);
  stage.release(web);
  const left = run(["ip", "netns", "exec", host.name, "ip", "-o", "link", "show", "type", "veth"]).stdout.trim();
  if (left !== "") throw new Error(`links were left behind:\n${left}`);
  const leases = readdirSync(join(folder, "leases", NETWORK)).filter((name) => /^[0-9]+\./.test(name));
  if (leases.length > 0) throw new Error(`addresses are still in use: ${leases.join(", ")}`);
  const ports = JSON.parse(checked(host.run([TSNET, "ports", "ls", "--json"]))) as unknown[];
  if (ports.length > 0) throw new Error(`ports are still published: ${JSON.stringify(ports)}`);
  console.log("  nothing is left: no link, no address in use, no published port\n");
}

/** A config list as runtimes keep it in /etc/cni/net.d. */
function writeConfig(folder: string): string {
  const config = join(folder, "net.d");
  mkdirSync(config, { mode: 0o700 });
  const list = {
    cniVersion: "1.1.0",
    name: NETWORK,
    plugins: [
      {
        type: "bridge",
        bridge: "demo0",
        isGateway: true,
        ipMasq: true,
        ipam: {
          type: "host-local",
          dataDir: join(folder, "leases"),
          ranges: [[{ subnet: "10.88.0.0/24" }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
  writeFileSync(join(config, "10-demo.conflist"), JSON.stringify(list, null, 2));
  return config;
}

function addressOf(result: { ips: { address: string }[] }): string {
  const address = result.ips[0]?.address.split("/")[0];
  if (!address) throw new Error("ADD gave no address");
  return address;
}

function say(line: string): void {
  console.log(`── ${line}`);
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, "  ");
}

import { expect } from "bun:test";
import { PEER_IMAGE, setUpPodman } from "../runtimes/podman-host.ts";
import { connect, makeNetns } from "../support/netns.ts";
import { PLUGIN_PATH } from "../support/plugin-dirs.ts";
import { lacksCommand, testUnless } from "../support/skip.ts";
import { reaches, tcpEcho } from "../support/traffic.ts";
import { lacksTsnet, TSNET } from "./tsnet.ts";

testUnless(
  [lacksTsnet, lacksCommand("podman", "runc", "conmon")],
  "repair finds what Podman remembers: after a flush its containers are reached again",
  async () => {
    await using runtime = await setUpPodman(PLUGIN_PATH);
    const { host, podman } = runtime;
    await using neighbour = await makeNetns();
    await connect(neighbour, "eth0", ["192.0.2.1/24"], host.network, "eth0", ["192.0.2.2/24"]);
    const serve = [PEER_IMAGE, "serve", "tcp", "0.0.0.0", "80"];
    await podman("run", "--detach", "--name", "web", "--publish", "8080:80", ...serve);
    await podman("run", "--detach", "--name", "gone", "--publish", "8081:80", ...serve);
    expect((await tcpEcho(neighbour, "192.0.2.2", 8080)).address).toBe("192.0.2.1");

    // Its containers are found by name and by ID, and are the owners of their namespaces.
    const id = await podman("inspect", "--format", "{{.Id}}", "web");
    const listed = JSON.parse(await host.exec(TSNET, "ns", "ls", "--json")) as { containers: object[] }[];
    const container = { runtime: "podman", id, name: "web", networks: ["podman/eth0"] };
    expect(listed.flatMap(({ containers }) => containers)).toContainEqual(expect.objectContaining(container));
    expect(await host.exec(TSNET, "ns", "ls")).toMatch(/podman web +eth0 +10\.88\.0\.\d+\/16/);
    for (const name of ["web", id, id.slice(0, 12)])
      expect(await host.exec(TSNET, "addr", "ls", "-n", name)).toMatch(/^eth0 +10\.88\.0\./m);
    expect(await host.exec(TSNET, "sockets", "ls", "-n", "web")).toMatch(/tcp +LISTEN .* 0\.0\.0\.0:80 .*"peer"/);

    await host.exec("nft", "flush", "ruleset");
    expect(await reaches(neighbour, "tcp", "192.0.2.2", 8080)).toBe(false);
    await podman("rm", "--force", "--time", "0", "gone");
    expect(await host.exec(TSNET, "repair")).toMatch(/^podman [0-9a-f]{64} eth0\n(.*\n)*1 attachment in .* 1 repaired/);
    expect((await tcpEcho(neighbour, "192.0.2.2", 8080)).address).toBe("192.0.2.1");
    expect(await host.exec(TSNET, "ports", "ls")).toMatch(/^tcp 0\.0\.0\.0:8080 +10\.88\.0\.\d+:80 +podman /m);
    await podman("rm", "--force", "--time", "0", "web");
    expect(await host.exec(TSNET, "repair")).toStartWith("0 attachments");
    const ports = await host.run([TSNET, "ports", "ls"]);
    expect(ports.stdout).toBe("");
  },
  120_000,
);

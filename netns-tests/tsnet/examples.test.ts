import { expect } from "bun:test";
import { dirname } from "node:path";
import type { Command } from "commander";
import { loadNative } from "../../native/load.ts";
import { commandLine } from "../../src/tsnet/main.ts";
import { NO_TERMINAL } from "../../src/tsnet/terminal.ts";
import { makePrivateHost } from "../support/private-host.ts";
import { lacksCommand, testUnless } from "../support/skip.ts";
import { lacksTsnet, TSNET } from "./tsnet.ts";

/** What stands behind `$` in the help of every word. */
async function examples(): Promise<string[]> {
  let text = "";
  const program = await commandLine({
    ...{ plugins: {}, ipams: {}, env: {}, cwd: "/", ownFolder: "/", terminal: NO_TERMINAL },
    native: loadNative(),
    out: (more) => {
      text += more;
    },
    err: () => {},
  });
  const show = (command: Command): void => {
    command.outputHelp();
    command.commands.forEach(show);
  };
  show(program);
  return [...new Set([...text.matchAll(/^ {2}\$ (.*)$/gm)].map(([, example = ""]) => example))];
}

const LIST = {
  cniVersion: "1.1.0",
  name: "web",
  plugins: [
    {
      type: "bridge",
      bridge: "web0",
      isDefaultGateway: true,
      ipMasq: true,
      ipam: { type: "host-local", ranges: [[{ subnet: "10.89.7.0/24" }]] },
    },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
};

const PORTS = JSON.stringify({
  portMappings: [
    { hostPort: 8080, containerPort: 80, protocol: "tcp" },
    { hostPort: 5353, containerPort: 53, protocol: "udp", hostIP: "127.0.0.1" },
  ],
});

/** A host with one container on one network, as the examples have it. */
const PREPARE = `
for ns in blue red; do tsnet cni del web /run/netns/$ns; ip netns del $ns; done
tsnet cni del web /run/netns/blue -i net1
ip link del web0; nft delete table inet tsnet; rm -rf /var/lib/cni/networks /var/lib/cni/results
mkdir -p /old/networks/web /root/.config/fish/completions
printf 'one\\r\\neth0' > /old/networks/web/10.89.7.77
ip netns add blue
tsnet cni add web /run/netns/blue --cap-args '${PORTS}'
`;

/** After these it is made anew. */
const CHANGES = /ns (add|del)|cni (add|del|gc)|release|repair|--yes/;

/** What an example needs besides, or needs not to be there. */
const BEFORE: Readonly<Record<string, string>> = {
  "tsnet ns del red": "ip netns add red",
  "tsnet ns add blue --up": "tsnet cni del web /run/netns/blue; ip netns del blue",
  "ip netns add blue && tsnet cni add web /run/netns/blue": "tsnet cni del web /run/netns/blue; ip netns del blue",
  "tsnet cni add web /run/netns/blue --cap-args": "tsnet cni del web /run/netns/blue",
  "tsnet ipam release web 10.89.7.2": "ip netns del blue; rm -rf /var/lib/cni/results",
  "tsnet cni validate web --conf-dir ./net.d": "cp -r /etc/cni/net.d .",
};

/** Words of parts with tests of their own for what they need around them. */
const ELSEWHERE = /tsnet (overlay|install|uninstall|doctor)/;

testUnless(
  [lacksTsnet, lacksCommand("bash")],
  "every example of the help runs and succeeds",
  async () => {
    await using host = await makePrivateHost();
    await Bun.write(host.outsidePath("/etc/cni/net.d/10-web.conflist"), JSON.stringify(LIST));
    await host.exec(
      "sh",
      "-c",
      "for folder in /root /mnt; do mount -t tmpfs tmpfs $folder; done; mkdir -p /root/old; ln -sfn /root/old /run/old",
    );
    const path = `PATH=${dirname(TSNET)}:/usr/sbin:/usr/bin:/sbin:/bin; export CNI_PATH=${dirname(TSNET)}/../cni HOME=/root; cd /root`;
    const all = (await examples()).filter((example) => !ELSEWHERE.test(example));
    expect(all.length).toBeGreaterThan(50);
    let fresh = false;
    for (const example of all) {
      const before = Object.entries(BEFORE).find(([start]) => example.startsWith(start))?.[1];
      if (!fresh)
        await host.run(["bash", "-c", `${path}; ${PREPARE.replaceAll("/old/", "/run/old/")}`], { timeoutMs: 60_000 });
      fresh = before === undefined && !CHANGES.test(example);
      // A process ID stands for some process in a namespace.
      const command = example
        .replace(
          /^(.*) 4711 (.*)$/,
          "ip netns exec blue sleep 30 & pid=$!; sleep 0.2; $1 $pid $2; code=$?; kill $pid; (exit $code)",
        )
        .replace("/old/", "/run/old/")
        .replace("/opt/cni/bin:", `${dirname(TSNET)}/../cni:`)
        .replace("--cni-path /usr/lib/cni", `--cni-path ${dirname(TSNET)}/../cni`);
      const script = `${path}; { ${before ?? "true"}; } >/dev/null 2>&1; ${command}`;
      const ran = await host.run(["bash", "-c", script], { timeoutMs: 60_000 });
      expect({ example, code: ran.code, err: ran.code === 0 ? "" : ran.stderr }).toEqual({ example, code: 0, err: "" });
    }
  },
  180_000,
);

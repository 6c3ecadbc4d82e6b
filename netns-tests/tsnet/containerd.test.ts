import { expect } from "bun:test";
import { startContainerd } from "../runtimes/containerd-host.ts";
import { runPod } from "../runtimes/pod.ts";
import { PLUGIN_PATH } from "../support/plugin-dirs.ts";
import { lacksCommand, testUnless } from "../support/skip.ts";
import { lacksTsnet, TSNET } from "./tsnet.ts";

const LIST = {
  cniVersion: "1.0.0",
  name: "podnet",
  plugins: [
    {
      type: "bridge",
      bridge: "cni0",
      isGateway: true,
      ipam: { type: "host-local", ranges: [[{ subnet: "10.88.0.0/16" }]] },
    },
  ],
};

testUnless(
  [lacksTsnet, lacksCommand("containerd", "ctr", "runc")],
  "a pod of containerd is the owner of its namespace, and found by its name",
  async () => {
    await using runtime = await startContainerd(LIST, PLUGIN_PATH);
    await using pod = await runPod(runtime, { name: "shop-0", portMappings: [] });
    const { host } = runtime;
    const listed = JSON.parse(await host.exec(TSNET, "ns", "ls", "--json")) as {
      containers: object[];
      addresses: string[];
    }[];
    expect(listed.find(({ containers }) => containers.length > 0)).toMatchObject({
      containers: [
        {
          runtime: "containerd",
          id: pod.id,
          pod: { name: "shop-0" },
          networks: expect.arrayContaining(["podnet/eth0"]),
        },
      ],
      label: "shop-0",
      addresses: [`${pod.v4}/16`],
    });
    expect(await host.exec(TSNET, "ns", "ls")).toMatch(/pod \S+\/shop-0 \(containerd.*\) +eth0 +10\.88\.0\./);
    for (const name of ["shop-0", pod.id, pod.id.slice(0, 10)])
      expect(await host.exec(TSNET, "addr", "ls", "-n", name)).toContain(`${pod.v4}/16`);
  },
  120_000,
);

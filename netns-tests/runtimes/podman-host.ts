import { makePrivateHost, type PrivateHost } from "../support/private-host.ts";
import { peerImage } from "./image.ts";

export interface PodmanHost extends AsyncDisposable {
  readonly host: PrivateHost;
  /** `podman ARGS…`; must succeed; stdout without the last newline. */
  podman(...args: string[]): Promise<string>;
}

/** The test program as an image, for `podman run … PEER_IMAGE serve tcp 0.0.0.0 80`. */
export const PEER_IMAGE = "localhost/peer:1";

/** A private host with Podman set up for CNI and runc; the image is loaded. */
export async function setUpPodman(path: readonly string[]): Promise<PodmanHost> {
  const host = await makePrivateHost();
  const podman = async (...args: string[]): Promise<string> => {
    const ran = await host.run(["podman", ...args], { env: ENVIRONMENT, timeoutMs: 40_000 });
    if (ran.code !== 0) throw new Error(`podman ${args.join(" ")}: exit ${ran.code}\n${ran.stderr}`);
    return ran.stdout.trimEnd();
  };
  try {
    for (const [name, text] of Object.entries(configuration(path)))
      await Bun.write(host.outsidePath(`/etc/containers/${name}`), text);
    await Bun.write(host.outsidePath("/run/peer.tar"), await peerImage(PEER_IMAGE));
    await podman("load", "--quiet", "--input", "/run/peer.tar");
    return { host, podman, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
  } catch (error) {
    await host[Symbol.asyncDispose]();
    throw error;
  }
}

const ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/run", TMPDIR: "/run/tmp" };

// Limits: a root without CAP_SYS_RESOURCE may not raise them, which Podman's defaults do.
const configuration = (path: readonly string[]): Readonly<Record<string, string>> => ({
  "policy.json": '{ "default": [{ "type": "insecureAcceptAnything" }] }',
  "registries.conf": "",
  "storage.conf": `
[storage]
driver = "overlay"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
`,
  "containers.conf": `
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "cni"
cni_plugin_dirs = ${JSON.stringify(path)}
`,
});

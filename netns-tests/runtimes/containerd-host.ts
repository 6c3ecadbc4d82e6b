import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";
import { makePrivateHost, type PrivateHost } from "../support/private-host.ts";
import { type Cri, connectCri } from "./cri/cri.ts";
import { peerImage } from "./image.ts";
import { mergePluginDirs } from "./merged-dir.ts";

export interface ContainerdHost extends AsyncDisposable {
  readonly host: PrivateHost;
  readonly cri: Cri;
  /** What containerd wrote to stderr so far; for messages. */
  log(): string;
}

const BIN_DIR = "/run/cni-bin";
const PAUSE_IMAGE = "localhost/pause:1";

/**
 * A private host with containerd in it and a CNI config list; ready for pods when it returns (about a second).
 * @param path plugin folders, first hit wins; containerd knows only one folder, so they are merged by copying
 */
export async function startContainerd(conflist: JsonObject, path: readonly string[]): Promise<ContainerdHost> {
  const host = await makePrivateHost();
  try {
    await mergePluginDirs(host, path, BIN_DIR);
    await write(host, "/etc/cni/net.d/10-test.conflist", JSON.stringify(conflist));
    await write(host, "/run/containerd.toml", CONFIG);
    await write(host, "/run/pause.tar", await peerImage(PAUSE_IMAGE));
    const daemon = host.start(["containerd", "--config", "/run/containerd.toml", "--log-level", "info"]);
    let log = "";
    void collect(daemon.stderr, (text) => {
      log += text;
    });
    const socket = host.outsidePath("/run/containerd/containerd.sock");
    for (const deadline = Date.now() + 10_000; !existsSync(socket); await Bun.sleep(20))
      if (Date.now() > deadline || daemon.exitCode !== null) throw new Error(`containerd does not start:\n${log}`);
    await host.exec("ctr", "--namespace", "k8s.io", "images", "import", "/run/pause.tar");
    const cri = await connectCri(socket);
    const ready = async (): Promise<boolean> => (await cri.status())["NetworkReady"]?.ready === true;
    for (const deadline = Date.now() + 10_000; !(await ready()); await Bun.sleep(50))
      if (Date.now() > deadline) throw new Error(`containerd: the network does not become ready:\n${log}`);
    return {
      host,
      cri,
      log: () => log,
      [Symbol.asyncDispose]: async () => {
        cri[Symbol.dispose]();
        await host[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await host[Symbol.asyncDispose]();
    throw error;
  }
}

// Roots and sockets are the defaults: those folders are the private host's own. A root without CAP_SYS_RESOURCE may not
// lower oom_score_adj, hence restrict_oom_score_adj.
const CONFIG = `
version = 2
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.internal.v1.opt",
  "io.containerd.tracing.processor.v1.otlp",
]
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "${PAUSE_IMAGE}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${BIN_DIR}"
    conf_dir = "/etc/cni/net.d"
`;

async function write(host: PrivateHost, path: string, data: string | Uint8Array): Promise<void> {
  const target = host.outsidePath(path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, data);
}

async function collect(stream: ReadableStream<Uint8Array>, put: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) put(decoder.decode(chunk, { stream: true }));
}

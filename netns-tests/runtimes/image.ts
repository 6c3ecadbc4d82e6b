import { readFileSync } from "node:fs";
import { peerPath } from "../support/peer.ts";

export interface TarFile {
  readonly name: string;
  readonly data: Uint8Array | string;
  /** 0644 by default. */
  readonly mode?: number;
}

/**
 * An image of one file, the static test program as `/peer`, as an OCI image layout in a tar (image-spec, image-layout.md):
 * what `ctr images import` and `podman load` read. Without arguments the program is a pause process.
 * @param name full reference: `localhost/peer:1`
 */
export async function peerImage(name: string): Promise<Uint8Array> {
  const layer = tar([{ name: "peer", data: new Uint8Array(readFileSync(await peerPath())), mode: 0o755 }]);
  const config = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    config: { Entrypoint: ["/peer"], Cmd: ["pause"], WorkingDir: "/" },
    rootfs: { type: "layers", diff_ids: [digest(layer)] },
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: descriptor("application/vnd.oci.image.config.v1+json", config),
    layers: [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
  });
  const index = JSON.stringify({
    schemaVersion: 2,
    manifests: [
      {
        ...descriptor("application/vnd.oci.image.manifest.v1+json", manifest),
        annotations: { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": name },
      },
    ],
  });
  const blobs = [layer, config, manifest].map((data) => ({ name: `blobs/sha256/${digest(data).slice(7)}`, data }));
  return tar([
    { name: "oci-layout", data: JSON.stringify({ imageLayoutVersion: "1.0.0" }) },
    { name: "index.json", data: index },
    ...blobs,
  ]);
}

const digest = (data: Uint8Array | string): string =>
  `sha256:${new Bun.CryptoHasher("sha256").update(data).digest("hex")}`;

const descriptor = (mediaType: string, data: Uint8Array | string) => ({
  mediaType,
  digest: digest(data),
  size: Buffer.byteLength(data),
});

/** A tar of plain files in the ustar form (POSIX.1-1988); names up to 100 bytes. */
export function tar(files: readonly TarFile[]): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const { name, data, mode = 0o644 } of files) {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    blocks.push(header(name, mode, bytes.length), bytes, new Uint8Array(-bytes.length & (BLOCK - 1)));
  }
  return new Uint8Array(Buffer.concat([...blocks, new Uint8Array(2 * BLOCK)]));
}

const BLOCK = 512;

function header(name: string, mode: number, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (offset: number, text: string): void => block.set(new TextEncoder().encode(text), offset);
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, "0")}\0`;
  put(0, name);
  put(100, octal(mode, 8));
  put(108, octal(0, 8)); // uid
  put(116, octal(0, 8)); // gid
  put(124, octal(size, 12));
  put(136, octal(0, 12)); // mtime
  put(148, "        "); // the checksum counts as spaces
  put(156, "0"); // a regular file
  put(257, "ustar\x0000");
  put(
    148,
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      7,
    )} `,
  );
  return block;
}

/**
 * One TCP stream as fast as it goes, and how fast that was. `flood.ts sink ADDRESS PORT` prints "ready", takes one
 * connection and prints the bytes per second of what came after its first 300 ms, when no bucket is full any more.
 * `flood.ts source ADDRESS PORT MS` sends for so long, `flood.ts send ADDRESS PORT BYTES` so much.
 */
export {};

const [role = "", hostname = "", port = "", amount = ""] = process.argv.slice(2);
const WARM_MS = 300;

if (role === "sink") {
  let first: number | undefined;
  let last = 0;
  let bytes = 0;
  Bun.listen({
    hostname,
    port: Number(port),
    socket: {
      data(_, chunk) {
        const now = performance.now();
        first ??= now + WARM_MS;
        if (now < first) return;
        bytes += chunk.length;
        last = now;
      },
      close() {
        console.log(Math.round(bytes / ((last - (first ?? 0)) / 1000)));
        process.exit(0);
      },
    },
  });
  console.log("ready");
} else {
  const chunk = new Uint8Array(64 * 1024);
  let left = role === "send" ? Number(amount) : Number.POSITIVE_INFINITY;
  const fill = (socket: { write(data: Uint8Array): number; end(): void }): void => {
    while (left > 0) {
      const written = socket.write(chunk.subarray(0, Math.min(left, chunk.length)));
      left -= written;
      if (written < chunk.length && left > 0) return;
    }
    socket.end();
  };
  const closed = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: { open: fill, drain: fill, close: () => closed.resolve(), data() {} },
  });
  if (role === "send") await closed.promise;
  else await Bun.sleep(Number(amount));
  socket.terminate();
  process.exit(0);
}

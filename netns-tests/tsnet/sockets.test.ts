import { expect } from "bun:test";
import { tsnet } from "../../src/tsnet/testing/surroundings.ts";
import { makeNetns } from "../support/netns.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";

/** Every kind of socket that waits for others, and a connected pair. */
const SERVER = `
import socket, sys, time
S = socket
kept = []
def sock(family, kind, address, *options):
    s = S.socket(family, kind)
    for level, name, value in options: s.setsockopt(level, name, value)
    s.bind(address)
    if kind == S.SOCK_STREAM: s.listen(7)
    kept.append(s)
    return s
sock(S.AF_INET, S.SOCK_STREAM, ("0.0.0.0", 80))
sock(S.AF_INET, S.SOCK_STREAM, ("127.0.0.1", 81), (S.SOL_SOCKET, S.SO_BINDTODEVICE, b"lo"))
sock(S.AF_INET6, S.SOCK_STREAM, ("::", 82), (S.IPPROTO_IPV6, S.IPV6_V6ONLY, 0))
sock(S.AF_INET6, S.SOCK_STREAM, ("::", 83), (S.IPPROTO_IPV6, S.IPV6_V6ONLY, 1))
sock(S.AF_INET6, S.SOCK_STREAM, ("::1", 84))
sock(S.AF_INET, S.SOCK_DGRAM, ("0.0.0.0", 53))
sock(S.AF_INET6, S.SOCK_DGRAM, ("::", 54), (S.IPPROTO_IPV6, S.IPV6_V6ONLY, 0))
u = sock(S.AF_INET, S.SOCK_DGRAM, ("127.0.0.1", 55)); u.connect(("127.0.0.1", 53))
server = kept[0]
client = S.create_connection(("127.0.0.1", 80)); kept.append(client); kept.append(server.accept()[0])
waiting = S.create_connection(("127.0.0.1", 80)); kept.append(waiting)
print("ready", flush=True)
time.sleep(60)
`;

/** Lines of either program as cells; `ss` pads, ours separates by two blanks and more. */
const rows = (text: string): string[] =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => line.trim().split(/\s+/).join(" "))
    .sort();

testUnless(
  [lacksRoot, lacksCommand("ip", "ss", "python3")],
  "sockets are listed as ss lists them, with the processes that have them open",
  async () => {
    await using place = await makeNetns();
    const child = Bun.spawn([...place.enter, "python3", "-c", SERVER], { stdout: "pipe", stderr: "inherit" });
    try {
      const { value } = await child.stdout.getReader().read();
      expect(new TextDecoder().decode(value)).toContain("ready");
      for (const [options, flags] of [
        [[], "-Hnlptuw"],
        [["--connected"], "-Hnaptuw"],
      ] as const) {
        const { out, err, exit } = await tsnet(["sockets", "ls", "-n", place.name, ...options]);
        expect({ exit, err }).toEqual({ exit: 0, err: "" });
        const [heading, ...lines] = out.split("\n");
        expect(heading).toStartWith("NETID  STATE");
        expect(rows(lines.join("\n"))).toEqual(rows(await place.exec("ss", flags)));
      }
      const listed = await tsnet(["sockets", "ls", "-n", String(child.pid), "--json"]);
      const json = JSON.parse(listed.out) as { local_port: number; users: { process: string; pid: number }[] }[];
      expect(json.map((socket) => socket.local_port).sort()).toEqual([53, 54, 80, 81, 82, 83, 84]);
      expect(json.every((socket) => socket.users[0]?.pid === child.pid)).toBe(true);
    } finally {
      child.kill("SIGKILL");
      await child.exited;
    }
  },
);

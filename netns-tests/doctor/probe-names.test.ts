/** Names that do not resolve: only packets tell. */
import { expect } from "bun:test";
import { testUnless } from "../support/skip.ts";
import { inhabit, nameServer, resolving } from "./inhabitants.ts";
import { lack, makeLab, makeWebLab } from "./lab.ts";
import { named, probes, SERVER, seen } from "./probe-lab.ts";

probes("names resolve, over both families", [], async ({ c1, c2, neighbour }, stack) => {
  stack.use(await nameServer(neighbour, SERVER));
  stack.use(await nameServer(neighbour, "2001:db8:1::2"));
  stack.use(await resolving(c1, `nameserver ${SERVER}`, "nameserver 2001:db8:1::2"));
  stack.use(await resolving(c2, `nameserver ${SERVER}`));
});

probes(
  "a container's resolv.conf names no server",
  ["no-name-server"],
  async ({ c1 }, stack) => {
    stack.use(await resolving(c1, "# nameserver 192.0.2.2", "search example.com"));
  },
  (said) => expect(named(said)).toContain("web c1 eth0"),
);

probes(
  "a container has no resolv.conf",
  ["no-name-server"],
  async ({ c1 }, stack) => {
    stack.use(await inhabit(c1, "true"));
  },
  (said) => expect(seen(said)).toContain("there is no /etc/resolv.conf"),
);

probes("without one, a server on the container's own loopback does", [], async ({ c1 }, stack) => {
  stack.use(await nameServer(c1, "127.0.0.1"));
  stack.use(await inhabit(c1, "true"));
});

probes(
  "nobody answers at that address",
  ["name-server-silent"],
  async ({ c1 }, stack) => {
    stack.use(await resolving(c1, "nameserver 192.0.2.99"));
  },
  (said) => expect(named(said)).toContain("192.0.2.99"),
);

probes(
  "nothing listens there",
  ["name-server-silent"],
  async ({ c1, c2 }, stack) => {
    stack.use(await resolving(c1, `nameserver ${SERVER}`));
    stack.use(await resolving(c2, `nameserver ${SERVER}`));
  },
  (said) => {
    expect(seen(said)).toContain("ECONNREFUSED");
    // Told of once, with both.
    expect(named(said)).toContain("web c1 eth0, web c2 eth0");
  },
);

probes(
  "it listens and says nothing",
  ["name-server-silent"],
  async ({ c1, neighbour }, stack) => {
    stack.use(await nameServer(neighbour, SERVER, -1));
    stack.use(await resolving(c1, `nameserver ${SERVER}`));
  },
  (said) => expect(seen(said)).toContain("nothing came back"),
);

probes(
  "it answers with a failure",
  ["name-server-fails"],
  async ({ c1, neighbour }, stack) => {
    stack.use(await nameServer(neighbour, SERVER, 2));
    stack.use(await resolving(c1, `nameserver ${SERVER}`, "search example.com"));
  },
  (said) => expect(named(said)).toContain("SERVFAIL"),
);

probes("a server of the container's own domain alone", [], async ({ c1, neighbour }, stack) => {
  stack.use(await nameServer(neighbour, SERVER, 5, "inside.example"));
  stack.use(await resolving(c1, `nameserver ${SERVER}`, "search inside.example elsewhere.example"));
});

probes(
  "the name that is asked for is refused",
  ["name-server-fails"],
  async ({ c1, neighbour }, stack) => {
    stack.use(await nameServer(neighbour, SERVER, 5, "inside.example"));
    stack.use(await resolving(c1, `nameserver ${SERVER}`, "search inside.example"));
  },
  (said) => expect(named(said)).toContain("REFUSED"),
  ["--name", "outside.example"],
);

testUnless(lack, "doctor --probe puts a silent name server beneath what stops the packets", async () => {
  await using lab = await makeWebLab();
  await using stack = new AsyncDisposableStack();
  stack.use(await nameServer(lab.neighbour, SERVER));
  stack.use(await resolving(lab.c1, `nameserver ${SERVER}`));
  await lab.host.exec("sysctl", "-qw", "net.ipv4.ip_forward=0");
  const said = await lab.doctor("--probe");
  expect(said.faults.map(({ fault, consequences }) => [fault, consequences.map((c) => c.fault)])).toEqual([
    ["forwarding-v4", ["name-server-silent"]],
  ]);
});

testUnless(
  lack,
  "doctor --probe reads a container's files beneath its root, regular ones only, bounded, and prints nothing raw",
  async () => {
    await using lab = await makeWebLab();
    const where = ["--data-dir", lab.w.leases, "--conf-dir", lab.w.confDir, "--cache-dir", lab.w.cacheDir];
    const traps: Readonly<Record<string, string>> = {
      "ln -s /proc/1/root/etc/hostname resolv.conf": "cannot be read",
      "ln -s /proc/self/fd/0 resolv.conf": "cannot be read",
      "mkfifo resolv.conf": "is no regular file",
      "mkdir resolv.conf": "is no regular file",
      "ln -s /dev/zero resolv.conf": "is no regular file",
      "head -c 70000 /dev/zero >resolv.conf": "is larger than 65536 bytes",
      "ln -s resolv.conf resolv.conf": "cannot be read: ELOOP",
      "printf 'nameserver \\033[31m<script>alert(1)</script>\\n' >resolv.conf":
        '\\x1b[31m<script>alert(1)</script>" names no address',
      "printf 'nameserver ../../x\\nnameserver 1.2.3.4.5\\n' >resolv.conf": 'nameserver ../../x" names no address',
    };
    for (const [trap, expected] of Object.entries(traps)) {
      await using _ = await inhabit(lab.c1, trap);
      const ran = await lab.w.tsnet(["doctor", "--probe", ...where]);
      expect(ran.stdout).toContain(expected);
      expect(ran.stdout).toContain("no-name-server: ");
      expect(ran.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
      expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 1, stderr: "" });
    }
  },
);

testUnless(lack, "doctor refuses a name that is none, and one without --probe", async () => {
  await using lab = await makeLab();
  for (const [args, words] of [
    [["--name", "example.com"], "--name is for --probe"],
    [["--probe", "--name", "a..b"], '"a..b" is no name'],
  ] as const) {
    const ran = await lab.w.tsnet(["doctor", ...args]);
    expect({ code: ran.code, out: ran.stdout }).toEqual({ code: 2, out: "" });
    expect(ran.stderr).toContain(words);
  }
});

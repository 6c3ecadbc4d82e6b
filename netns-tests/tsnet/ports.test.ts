import { expect } from "bun:test";
import { makeNetns, makeSandbox } from "../support/netns.ts";
import { testUnless } from "../support/skip.ts";
import { reaches, serveAll } from "../support/traffic.ts";
import { bridgeList, lacksTsnet, published, workplace } from "./tsnet.ts";

testUnless(lacksTsnet, "ports ls shows what is published, ports release frees it for the next", async () => {
  await using host = await makeNetns();
  await using blue = await makeSandbox();
  await using red = await makeSandbox();
  await using w = await workplace(host);
  await w.network("web", bridgeList(w, ["10.34.0.0/24", "fd34::/64"]));
  const empty = await w.tsnet(["ports", "ls"]);
  expect(empty).toMatchObject({ code: 0, stdout: "", stderr: "no published ports\n" });
  expect(await w.must("ports", "ls", "--json")).toBe("[]\n");

  const add = ["--container-id", "one", "--cap-args", published(8080, 80)];
  await w.must("cni", "add", "web", blue.path, ...add);
  const lines = (await w.must("ports", "ls"))
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/));
  const [, , , link] = lines[1] ?? [];
  expect(lines).toEqual([
    ["HOST PORT", "CONTAINER", "NETWORK, CONTAINER, INTERFACE", "LINK"],
    ["tcp 0.0.0.0:8080", "10.34.0.2:80", "web one eth0", expect.stringMatching(/^veth[0-9a-f]{11}$/)],
    ["tcp [::]:8080", "[fd34::2]:80", "web one eth0", link],
    ["udp 0.0.0.0:8080", "10.34.0.2:80", "web one eth0", link],
    ["udp [::]:8080", "[fd34::2]:80", "web one eth0", link],
  ]);
  expect(await host.exec("ip", "-j", "link", "show", link ?? "")).toContain("tsnet1 ");

  // The holder vanishes without DEL; the error of the next one names the way out, word for word.
  await blue.exec("ip", "link", "del", "eth0");
  expect(await w.must("ports", "ls")).toMatch(/^tcp 0\.0\.0\.0:8080 .* -$/m);
  await using _red = await serveAll(red, 80);
  const more = ["--container-id", "two", "--cap-args", published(8080, 80)];
  const refused = await w.tsnet(["cni", "add", "web", red.path, ...more]);
  const way = /tsnet (ports release \S+ \S+)/.exec(refused.stderr)?.[1];
  expect(way).toBe("ports release tcp 0.0.0.0:8080");
  await w.must("cni", "del", "web", red.path, ...more);

  const all = await w.must("ports", "ls");
  expect(await w.must("ports", "release", "tcp", "8080", "--dry-run")).toContain("would be free");
  expect(await w.must("ports", "ls")).toBe(all);
  expect(await w.must(...(way ?? "").split(" "))).toBe(
    "tcp 0.0.0.0:8080 is free; it led to 10.34.0.2:80 of web one eth0\n",
  );
  expect(await w.must("ports", "ls")).not.toContain("tcp 0.0.0.0:8080");
  await w.must("ports", "release", "tcp", "[::]:8080");
  await w.must("ports", "release", "udp", "8080");
  expect(await host.exec("nft", "list", "map", "inet", "tsnet", "ports4")).not.toContain("elements");
  expect(await host.exec("nft", "list", "ruleset")).not.toMatch(/hairpin[46] \{[^}]*elements/);

  await w.must("cni", "add", "web", red.path, ...more);
  expect(await reaches(host, "tcp", "10.34.0.1", 8080)).toBe(true);
  expect(await w.must("ports", "ls")).toContain("web two eth0");

  for (const [args, code] of [
    [["tcp", "9"], 1],
    [["tcp", "10.0.0.1:8080"], 1],
    [["icmp", "8080"], 2],
    [["tcp", "0"], 2],
    [["tcp", "65536"], 2],
    [["tcp", "::1:80"], 2],
    [["tcp", "[127.0.0.1]:80"], 2],
  ] as const) {
    const ran = await w.tsnet(["ports", "release", ...args]);
    expect(ran).toMatchObject({ code, stdout: "" });
    expect(ran.stderr).not.toMatch(/^ {4}at /m);
  }
});

testUnless(lacksTsnet, "ports ls --probe says whether a port answers, and what is wrong when it does not", async () => {
  await using host = await makeNetns();
  await using blue = await makeSandbox();
  await using w = await workplace(host);
  await w.network("web", bridgeList(w, ["10.36.0.0/24"]));
  await host.exec("ip", "link", "add", "out", "type", "bridge");
  await host.exec("ip", "addr", "add", "10.37.0.1/24", "dev", "out");
  await host.exec("ip", "link", "set", "out", "up");
  await w.must("cni", "add", "web", blue.path, "--container-id", "one", "--cap-args", published(8080, 80));
  const answer = async (protocol: string) => {
    const found = JSON.parse(await w.must("ports", "ls", "--probe", "--json")) as Record<string, unknown>[];
    return found.find((port) => port["protocol"] === protocol && port["family"] === 4);
  };
  expect(await answer("tcp")).toMatchObject({ answers: false, answer: "nothing listens in the container" });
  {
    await using _server = await serveAll(blue, 80);
    expect(await answer("tcp")).toMatchObject({ answers: true, answer: "answers" });
    expect(await answer("udp")).toMatchObject({ answers: null, answer: "cannot be told" });
    await host.exec(
      "nft",
      "add table inet evil { chain c { type filter hook output priority -150; tcp dport 8080 drop; }; }",
    );
    expect(await w.must("ports", "ls", "--probe")).toMatch(
      /container answers, but not through 10\.3[67]\.0\.1: no answer/,
    );
    await host.exec("nft", "delete", "table", "inet", "evil");
  }
  await blue.exec("ip", "link", "set", "eth0", "down");
  expect(await answer("tcp")).toMatchObject({
    answers: false,
    answer: expect.stringMatching(/^container does not answer/),
  });
  expect((await w.must("ports", "ls")).split("\n")[0]).not.toContain("ANSWER");
});

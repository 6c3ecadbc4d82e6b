import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tsnet } from "../testing/surroundings.ts";
import { type AttachmentOptions, attachmentOf, keptAttachment } from "./attachment.ts";
import { configFolder, pluginFolders } from "./options.ts";

const of = (netns: string, env: Record<string, string> = {}, options: AttachmentOptions = {}) =>
  attachmentOf({ env, cwd: "/home/me" }, netns, options);

describe("who is meant", () => {
  test("the container ID is cnitool's", () => {
    // printf /run/netns/blue | sha512sum | cut -c1-20
    expect(of("/run/netns/blue").containerId).toBe("cnitool-df26705e2e4ffd095eb1");
    expect(of("../../run/./netns//blue").containerId).toBe(of("/run/netns/blue").containerId);
    expect(of("blue").netns).toBe("/home/me/blue");
  });

  test("the interface comes from the option, else CNI_IFNAME, else is eth0", () => {
    expect(of("/n", { CNI_IFNAME: "net1" }, { ifname: "net2" }).ifName).toBe("net2");
    expect(of("/n", { CNI_IFNAME: "net1" }).ifName).toBe("net1");
    expect(of("/n", { CNI_IFNAME: "" }).ifName).toBe("eth0");
    expect(of("/n").ifName).toBe("eth0");
  });

  test("CNI_ARGS and CAP_ARGS are read, options come first", () => {
    const env = { CNI_ARGS: "A=1;B=2", CAP_ARGS: '{"mac":"02:00:00:00:00:01"}' };
    expect(of("/n", env).args).toEqual([
      ["A", "1"],
      ["B", "2"],
    ]);
    expect(of("/n", env).capabilityArgs).toEqual({ mac: "02:00:00:00:00:01" });
    expect(of("/n", env, { args: "C=3", capArgs: "{}" })).toMatchObject({ args: [["C", "3"]], capabilityArgs: {} });
  });

  for (const args of ["A", "=1", "A=", "A=1=2", "A=1;", ";", "A=1;;B=2"])
    test(`CNI_ARGS "${args}" is refused`, () => expect(() => of("/n", { CNI_ARGS: args })).toThrow("invalid pair"));

  for (const text of ["x", "[]", "1", '{"a":'])
    test(`CAP_ARGS ${text} is refused`, () => expect(() => of("/n", { CAP_ARGS: text })).toThrow("--cap-args"));

  test("names that no plugin would take are refused at once", () => {
    expect(() => of("/n", {}, { containerId: "-x" })).toThrow("--container-id");
    expect(() => of("/n", {}, { containerId: "" })).toThrow("--container-id");
    expect(() => of("/n", {}, { ifname: "sixteen-bytes-xx" })).toThrow("--ifname");
    expect(() => of("")).toThrow("empty");
    expect(() => attachmentOf({ env: {}, cwd: undefined }, "blue", {})).toThrow("current folder is deleted");
  });

  test("--keep takes CONTAINERID/IFNAME", () => {
    expect(keptAttachment("abc/eth0")).toEqual({ containerID: "abc", ifname: "eth0" });
    for (const wrong of ["abc", "abc/", "/eth0", "a/b/c", ""]) expect(() => keptAttachment(wrong)).toThrow("--keep");
  });
});

describe("where things are", () => {
  const s = { env: { CNI_PATH: "/a::b", NETCONFPATH: "conf" }, cwd: "/home/me", ownFolder: "/own" };
  test("plugins: option, CNI_PATH, own folder", () => {
    expect(pluginFolders(s, { cniPath: "/x" })).toEqual(["/x"]);
    expect(pluginFolders(s, {})).toEqual(["/a", "/home/me/b"]);
    expect(pluginFolders({ ...s, env: { CNI_PATH: "" } }, {})).toEqual(["/own"]);
  });
  test("networks: option, NETCONFPATH, /etc/cni/net.d", () => {
    expect(configFolder(s, { confDir: "/x" })).toBe("/x");
    expect(configFolder(s, {})).toBe("/home/me/conf");
    expect(() => configFolder(s, { confDir: "" })).toThrow("a path is empty");
    expect(configFolder({ ...s, env: {} }, {})).toBe("/etc/cni/net.d");
  });
});

describe("networks", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsnet-cni-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "10-web.conflist"), '{"name":"web","cniVersion":"1.1.0","plugins":[{"type":"nix"}]}');
  writeFileSync(join(folder, "20-old.conf"), '{"name":"old\\u001b","type":"nix"}');
  writeFileSync(join(folder, "30-bad.conflist"), "{");
  const env = { NETCONFPATH: folder };

  test("list shows them and what is wrong with a file", async () => {
    const { exit, out } = await tsnet(["cni", "list"], { env });
    expect(exit).toBe(0);
    expect(out.split("\n").slice(0, 2)).toEqual([
      expect.stringMatching(/^NETWORK +VERSION +PLUGINS +FILE$/),
      expect.stringMatching(/^web +1\.1\.0 +nix +.*10-web\.conflist$/),
    ]);
    expect(out).toContain("30-bad.conflist");
    expect(out).toContain("cannot be used: ");
    expect(out).toContain("old\\x1b");
  });

  test("list --json is one document", async () => {
    const rows: unknown = JSON.parse((await tsnet(["cni", "list", "--json"], { env })).out);
    expect(rows).toMatchObject([{ name: "web", plugins: ["nix"] }, { error: { code: 6 } }, { cniVersion: "0.1.0" }]);
  });

  test("a network that is not there: the error says which are", async () => {
    rmSync(join(folder, "30-bad.conflist"));
    const { exit, out, err } = await tsnet(["cni", "status", "wbe"], { env });
    expect([exit, out]).toEqual([1, ""]);
    expect(err).toBe(`tsnet: no net configuration with name "wbe" in ${folder} (code 7)\n  there are: web, old\\x1b\n`);
  });

  test("a failure with --json is an object on stdout", async () => {
    const { exit, out, err } = await tsnet(["cni", "validate", "web", "--json"], { env });
    expect([exit, err]).toEqual([1, ""]);
    expect(JSON.parse(out)).toMatchObject({ code: 7, msg: expect.stringContaining('"nix"') });
  });

  test("version asks every plugin, and fails when one gives no answer", async () => {
    const { exit, out } = await tsnet(["cni", "version", "nix", "a/b"], { env });
    expect(exit).toBe(1);
    expect(out.match(/cannot be asked/g)).toHaveLength(2);
  });
});

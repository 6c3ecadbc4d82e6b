import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { listAttachments, saveAttachment } from "./cache.ts";
import { addNetwork, checkNetwork, delNetwork, gcNetwork, statusNetwork } from "./chain.ts";
import { type NetworkList, parseNetworkList } from "./config-list.ts";
import { ATTACHMENT, makePlace, type Place } from "./testing/place.ts";
import { validateNetworkList } from "./validate-list.ts";

const list = (cniVersion: string, ...plugins: object[]): NetworkList =>
  parseNetworkList(new TextEncoder().encode(JSON.stringify({ cniVersion, name: "net", plugins })));

/** Two plugins: the first answers with an address, the second passes on what it got and adds a route. */
function twoPlugins(place: Place): void {
  place.plugin(
    "main",
    `[ $CNI_COMMAND != ADD ] || echo '{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.1.0.5/16"}]}'`,
  );
  place.plugin(
    "meta",
    `[ $CNI_COMMAND != ADD ] || echo '{"ips":[{"address":"10.1.0.5/16"}],"routes":[{"dst":"::/0"}]}'`,
  );
}

const chain = (version = "1.0.0"): NetworkList =>
  list(
    version,
    { type: "main", Name: "x", capabilities: { mac: true, bandwidth: true, portMappings: false } },
    { type: "meta" },
  );

describe("ADD", () => {
  test("runs in order, injects what the specification says, and remembers the result", async () => {
    using place = makePlace();
    twoPlugins(place);
    const result = await addNetwork(place.runtime, chain(), ATTACHMENT);
    expect(result).toEqual({ interfaces: [], ips: [{ address: "10.1.0.5/16" }], routes: [{ dst: "::/0" }] });
    const [main, meta, ...more] = place.calls();
    expect(more).toEqual([]);
    expect(main?.env).toEqual({
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: "c1",
      CNI_NETNS: "/run/netns/blue",
      CNI_IFNAME: "eth0",
      CNI_ARGS: "IgnoreUnknown=1;K8S_POD_NAME=pod",
      CNI_PATH: `${place.folder}/bin`,
    });
    expect(main?.conf).toEqual({
      type: "main",
      name: "net",
      cniVersion: "1.0.0",
      capabilities: { mac: true, bandwidth: true, portMappings: false },
      runtimeConfig: { mac: "00:11:22:33:44:55" },
    });
    // The first plugin answered in 0.4.0; the next one gets it in the list's version.
    expect(meta?.conf).toEqual({
      type: "meta",
      name: "net",
      cniVersion: "1.0.0",
      prevResult: { cniVersion: "1.0.0", ips: [{ address: "10.1.0.5/16" }] },
    });
    expect(listAttachments(place.runtime.host.files, place.runtime.cacheDir)).toMatchObject([
      { network: "net", containerId: "c1", result: { cniVersion: "1.0.0", routes: [{ dst: "::/0" }] } },
    ]);
  });
  test("stops at the first error, says whose, and remembers nothing", async () => {
    using place = makePlace();
    twoPlugins(place);
    place.plugin("main", `echo '{"code":11,"msg":"later","details":"x"}'; exit 1`);
    const error = await addNetwork(place.runtime, chain(), ATTACHMENT).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 11, message: 'plugin type="main" failed (add): later', details: "x" });
    expect(place.calls().map((call) => call.plugin)).toEqual(["main"]);
    expect(existsSync(place.runtime.cacheDir)).toBe(false);
  });
  test("a bad container ID starts nothing", async () => {
    using place = makePlace();
    twoPlugins(place);
    const bad = addNetwork(place.runtime, chain(), { ...ATTACHMENT, containerId: "../x" });
    await expect(bad).rejects.toThrow("invalid characters in containerID");
    expect(existsSync(`${place.folder}/calls`)).toBe(false);
  });
  for (const [printed, message] of [
    ["echo garbage", 'cannot decode the result of plugin "main": not JSON'],
    ["true", 'cannot decode the result of plugin "main": it is empty'],
    [`echo '{"ips":[{"address":"x"}]}'`, 'cannot decode the result of plugin "main": key "result.ips[0].address"'],
    [`echo '{"cniVersion":"9.9.9"}'`, "no converter for CNI result version 9.9.9"],
  ] as const)
    test(`a plugin that succeeds with \`${printed}\` has failed`, async () => {
      using place = makePlace();
      place.plugin("main", printed);
      const error = await addNetwork(place.runtime, list("1.0.0", { type: "main" }), ATTACHMENT).catch(
        (e: unknown) => e,
      );
      expect(error).toMatchObject({ code: 6, message: expect.stringContaining(message) });
    });
  test("null is an empty result", async () => {
    using place = makePlace();
    place.plugin("main", "echo null");
    expect(await addNetwork(place.runtime, list("1.0.0", { type: "main" }), ATTACHMENT)).toMatchObject({ ips: [] });
  });
});

describe("DEL", () => {
  test("runs backwards with the remembered result, then forgets", async () => {
    using place = makePlace();
    twoPlugins(place);
    await addNetwork(place.runtime, chain(), ATTACHMENT);
    await delNetwork(place.runtime, chain(), ATTACHMENT);
    const calls = place.calls().slice(2);
    expect(calls.map((call) => [call.verb, call.plugin])).toEqual([
      ["DEL", "meta"],
      ["DEL", "main"],
    ]);
    for (const call of calls) expect(call.conf["prevResult"]).toMatchObject({ routes: [{ dst: "::/0" }] });
    expect(listAttachments(place.runtime.host.files, place.runtime.cacheDir)).toEqual([]);
    await delNetwork(place.runtime, chain(), ATTACHMENT);
    expect(place.calls().at(-1)?.conf).not.toHaveProperty("prevResult");
  });
  test("keeps the memory when a plugin fails", async () => {
    using place = makePlace();
    twoPlugins(place);
    await addNetwork(place.runtime, chain(), ATTACHMENT);
    place.plugin("meta", "exit 3");
    await expect(delNetwork(place.runtime, chain(), ATTACHMENT)).rejects.toThrow(
      'plugin type="meta" failed (delete): netplugin failed with no error message: exit status 3',
    );
    expect(listAttachments(place.runtime.host.files, place.runtime.cacheDir)).toHaveLength(1);
  });
  test("before 0.4.0 gives no prevResult", async () => {
    using place = makePlace();
    twoPlugins(place);
    await addNetwork(place.runtime, chain("0.3.1"), ATTACHMENT);
    await delNetwork(place.runtime, chain("0.3.1"), ATTACHMENT);
    expect(place.calls().at(-1)?.conf).not.toHaveProperty("prevResult");
  });
  test("drops a memory that nobody can read", async () => {
    using place = makePlace();
    twoPlugins(place);
    const path = place.write("cache/results/net-c1-eth0", '{"kind":"cniCacheV1","result":{"cniVersion":"7.0.0"}}');
    await delNetwork(place.runtime, chain(), ATTACHMENT);
    expect(place.calls().at(-1)?.conf).not.toHaveProperty("prevResult");
    expect(existsSync(path)).toBe(false);
  });
});

describe("CHECK", () => {
  test("runs in order, each with the final result", async () => {
    using place = makePlace();
    twoPlugins(place);
    await addNetwork(place.runtime, chain(), ATTACHMENT);
    await checkNetwork(place.runtime, chain(), ATTACHMENT);
    const calls = place.calls().slice(2);
    expect(calls.map((call) => [call.verb, call.plugin])).toEqual([
      ["CHECK", "main"],
      ["CHECK", "meta"],
    ]);
    for (const call of calls) expect(call.conf["prevResult"]).toMatchObject({ routes: [{ dst: "::/0" }] });
  });
  test("does not exist before 0.4.0, and can be switched off", async () => {
    using place = makePlace();
    await expect(checkNetwork(place.runtime, chain("0.3.1"), ATTACHMENT)).rejects.toThrow(
      'configuration version "0.3.1" does not support the CHECK command',
    );
    await checkNetwork(place.runtime, { ...chain(), disableCheck: true }, ATTACHMENT);
  });
});

describe("GC", () => {
  const remember = (place: Place, containerId: string, network = "net"): void =>
    saveAttachment(place.runtime.host.files, place.runtime.cacheDir, {
      ...ATTACHMENT,
      containerId,
      network,
      netns: `/run/netns/${containerId}`,
      config: new Uint8Array(),
      result: { cniVersion: "1.1.0" },
    });
  test("deletes what is remembered and not valid, then tells the plugins", async () => {
    using place = makePlace();
    twoPlugins(place);
    for (const id of ["c1", "c2", "c3"]) remember(place, id);
    remember(place, "c2", "other");
    const valid = [{ containerID: "c1", ifname: "eth0" }];
    await gcNetwork(place.runtime, list("1.1.0", { type: "main" }), valid);
    expect(place.calls().map((call) => [call.verb, call.env["CNI_CONTAINERID"], call.env["CNI_NETNS"]])).toEqual([
      ["DEL", "c2", "/run/netns/c2"],
      ["DEL", "c3", "/run/netns/c3"],
      ["GC", "", ""],
    ]);
    expect(place.calls().at(-1)?.conf).toEqual({
      type: "main",
      name: "net",
      cniVersion: "1.1.0",
      "cni.dev/valid-attachments": valid,
      "cni.dev/attachments": valid,
    });
    const left = listAttachments(place.runtime.host.files, place.runtime.cacheDir);
    expect(left.map(({ network, containerId }) => `${network}-${containerId}`)).toEqual(["net-c1", "other-c2"]);
  });
  test("goes on after errors and gives them all", async () => {
    using place = makePlace();
    place.plugin("main", `echo '{"code":100,"msg":"no '$CNI_COMMAND'"}'; exit 1`);
    remember(place, "c2");
    const error = await gcNetwork(place.runtime, list("1.1.0", { type: "main" }), []).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 100,
      message:
        'failed to delete stale attachment c2 eth0: plugin type="main" failed (delete): no DEL\nfailed to GC plugin main: no GC',
    });
  });
  test("before 1.1.0 only deletes, and does nothing when switched off", async () => {
    using place = makePlace();
    twoPlugins(place);
    remember(place, "c2");
    await gcNetwork(place.runtime, { ...list("1.1.0", { type: "main" }), disableGC: true }, []);
    expect(existsSync(`${place.folder}/calls`)).toBe(false);
    await gcNetwork(place.runtime, list("1.0.0", { type: "main" }), []);
    expect(place.calls().map((call) => call.verb)).toEqual(["DEL"]);
  });
});

describe("STATUS", () => {
  test("the first error as it is", async () => {
    using place = makePlace();
    twoPlugins(place);
    place.plugin("main", `echo '{"code":50,"msg":"no kernel"}'; exit 1`);
    const error = await statusNetwork(place.runtime, chain("1.1.0")).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 50, message: "no kernel" });
    expect(place.calls().map((call) => [call.verb, call.plugin])).toEqual([["STATUS", "main"]]);
  });
  test("of an older list is success", async () => {
    using place = makePlace();
    await statusNetwork(place.runtime, chain("1.0.0"));
  });
});

describe("validating a list", () => {
  const answers = (place: Place, name: string, answer: string): string => place.plugin(name, `echo '${answer}'`);
  test("gives the capabilities that are switched on", async () => {
    using place = makePlace();
    answers(place, "main", '{"cniVersion":"1.1.0","supportedVersions":["0.4.0","1.0.0"]}');
    answers(place, "meta", '{"cniVersion":"1.0.0","supportedVersions":["1.0.0"]}');
    expect(await validateNetworkList(place.runtime, chain())).toEqual(["bandwidth", "mac"]);
  });
  test("names every problem", async () => {
    using place = makePlace();
    answers(place, "main", '{"cniVersion":"0.2.0"}');
    await expect(validateNetworkList(place.runtime, chain())).rejects.toThrow(
      `plugin main does not support config version "1.0.0"; failed to find plugin "meta" in path [${place.folder}/bin]`,
    );
  });
  test("old plugins: 0.2.0 without a list, or no VERSION at all", async () => {
    using place = makePlace();
    answers(place, "main", '{"cniVersion":"0.2.0"}');
    place.plugin("meta", `echo '{"code":100,"msg":"unknown CNI_COMMAND: VERSION"}'; exit 1`);
    expect(await validateNetworkList(place.runtime, chain("0.1.0"))).toEqual(["bandwidth", "mac"]);
  });
  for (const answer of ["{}", "[]", "x", '{"cniVersion":"1.0.0"}'])
    test(`${answer} is no answer to VERSION`, async () => {
      using place = makePlace();
      answers(place, "main", answer);
      await expect(validateNetworkList(place.runtime, list("1.0.0", { type: "main" }))).rejects.toThrow(
        `cannot decode the VERSION answer of "${place.folder}/bin/main"`,
      );
    });
});

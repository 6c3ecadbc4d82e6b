import { describe, expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { type CachedAttachment, listAttachments, loadResult, removeAttachment, saveAttachment } from "./cache.ts";
import { ATTACHMENT, makePlace } from "./testing/place.ts";

const cached: CachedAttachment = {
  ...ATTACHMENT,
  network: "net",
  config: new TextEncoder().encode('{"name":"net"}'),
  result: { cniVersion: "1.0.0", ips: [{ address: "10.1.0.5/16" }], interfaces: [{ name: "eth0", mac: "a<b" }] },
};

/** What libcni writes for the same (field order, sorted maps, base64, no spaces). */
const GOLDEN =
  '{"kind":"cniCacheV1","containerId":"c1","config":"eyJuYW1lIjoibmV0In0=","ifName":"eth0","networkName":"net",' +
  '"netns":"/run/netns/blue","cniArgs":[["IgnoreUnknown","1"],["K8S_POD_NAME","pod"]],' +
  '"capabilityArgs":{"mac":"00:11:22:33:44:55","portMappings":[{"hostPort":80}]},' +
  '"result":{"cniVersion":"1.0.0","interfaces":[{"mac":"a\\u003cb","name":"eth0"}],"ips":[{"address":"10.1.0.5/16"}]}}';

describe("the cache file", () => {
  test("is libcni's, byte for byte, for nobody else to read", () => {
    using place = makePlace();
    const { files } = place.runtime.host;
    const dir = place.runtime.cacheDir;
    saveAttachment(files, dir, cached);
    const path = `${dir}/results/net-c1-eth0`;
    expect(readFileSync(path, "utf8")).toBe(GOLDEN);
    expect([statSync(path).mode & 0o777, statSync(`${dir}/results`).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(listAttachments(files, dir)).toEqual([cached]);
    expect(loadResult(files, dir, "net", ATTACHMENT)?.ips).toEqual([{ address: "10.1.0.5/16" }]);
    removeAttachment(files, dir, "net", ATTACHMENT);
    removeAttachment(files, dir, "net", ATTACHMENT);
    expect(listAttachments(files, dir)).toEqual([]);
    expect(loadResult(files, dir, "net", ATTACHMENT)).toBeUndefined();
  });
  test("leaves out what is empty", () => {
    using place = makePlace();
    const { files } = place.runtime.host;
    saveAttachment(files, place.runtime.cacheDir, {
      ...cached,
      netns: "",
      args: [],
      capabilityArgs: {},
      result: undefined,
    });
    const text = readFileSync(`${place.runtime.cacheDir}/results/net-c1-eth0`, "utf8");
    expect(Object.keys(JSON.parse(text))).toEqual(["kind", "containerId", "config", "ifName", "networkName"]);
  });
  test("of the older form is a bare result", () => {
    using place = makePlace();
    const { files } = place.runtime.host;
    place.write("cache/results/net-c1-eth0", '{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.1.0.5/16"}]}');
    expect(loadResult(files, place.runtime.cacheDir, "net", ATTACHMENT)?.ips).toEqual([{ address: "10.1.0.5/16" }]);
    expect(listAttachments(files, place.runtime.cacheDir)).toEqual([]);
  });
  test("under another name than its attachment's is not in the list", () => {
    using place = makePlace();
    const { files } = place.runtime.host;
    saveAttachment(files, place.runtime.cacheDir, cached);
    place.write("cache/results/.tsnet-0123456789abcdef.tmp", GOLDEN);
    place.write("cache/results/up", GOLDEN.replace('"containerId":"c1"', '"containerId":"/../../c1"'));
    expect(listAttachments(files, place.runtime.cacheDir)).toEqual([cached]);
  });
  for (const text of [
    "",
    "{",
    '{"kind":"cniCacheV1","networkName":"n","ifName":"e","config":"*"}',
    '{"kind":"cniCacheV1","networkName":5}',
    "[]",
  ])
    test(`that is ${JSON.stringify(text)} is not in the list, and does not hide others`, () => {
      using place = makePlace();
      const { files } = place.runtime.host;
      saveAttachment(files, place.runtime.cacheDir, cached);
      place.write("cache/results/aaa", text);
      place.write("cache/results/zzz/file", "");
      expect(listAttachments(files, place.runtime.cacheDir)).toHaveLength(1);
    });
});

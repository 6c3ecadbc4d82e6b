/** Every operation over every CNI version a plugin claims, judged by ip, nft, files and real traffic. */
import { describe, expect } from "bun:test";
import { CNI_VERSIONS, type CniVersion } from "../../src/cni/types.ts";
import { PluginFailure } from "../support/plugin.ts";
import { codeOf } from "./answers.ts";
import { contractTest } from "./contract-test.ts";
import { eachOf } from "./each-of.ts";
import { type Attached, leftovers, makeBench, makeNetwork, type Network } from "./network.ts";
import { expectForm } from "./printed.ts";
import type { Subject } from "./subject.ts";
import { SUBJECTS } from "./subjects/index.ts";

const since = (version: CniVersion, first: CniVersion): boolean =>
  CNI_VERSIONS.indexOf(version) >= CNI_VERSIONS.indexOf(first);

async function expectChecks(network: Network, version: CniVersion, attached: readonly Attached[]): Promise<void> {
  const { chain, bench } = network;
  const [one] = attached;
  if (!one) return;
  const before = await bench.snapshot();
  if (since(version, "0.4.0")) for (const { at } of attached) await chain.check(at);
  else expect(await codeOf(chain.check(one.at))).toBe(1);
  if (since(version, "1.1.0")) {
    await chain.status();
    await chain.gc(attached.map(({ at }) => ({ containerID: at.containerId, ifname: "eth0" })));
  } else {
    expect(await codeOf(chain.status())).toBe(1);
    expect(await codeOf(chain.gc([]))).toBe(1);
  }
  expect(leftovers(before, await bench.snapshot(), { stays: [] })).toEqual([]);
}

async function wholeLife(subject: Subject, version: CniVersion): Promise<void> {
  await using bench = await makeBench();
  const network = makeNetwork(bench, subject, { cniVersion: version });
  await subject.prepare?.(network);
  const before = await bench.snapshot();
  if (subject.unshowable?.includes(version)) {
    const { at } = await network.newContainer("one");
    await network.chain.add(at).then(
      () => expect.unreachable("a result that the version cannot show"),
      (error) => expect(error).toBeInstanceOf(PluginFailure),
    );
    expect(leftovers(before, await bench.snapshot(), subject)).toEqual([]);
    return;
  }
  const one = await network.attach("one");
  const two = await network.attach("two");
  for (const { result } of [one, two]) expectForm(result, version);
  await subject.works(one, two);
  await expectChecks(network, version, [one, two]);
  for (const { at } of [one, two]) {
    await network.chain.del(at);
    await network.chain.del(at);
  }
  expect(leftovers(before, await bench.snapshot(), subject)).toEqual([]);
}

describe("ADD, CHECK, GC, STATUS and DEL", () => {
  for (const subject of SUBJECTS) {
    const versions: readonly CniVersion[] = subject.variant ? ["1.1.0"] : (subject.versions ?? CNI_VERSIONS);
    const over = versions.length === 1 ? "" : `, over ${versions.length} CNI versions`;
    contractTest(`${subject.name}${over}`, () => eachOf(versions, String, (version) => wholeLife(subject, version)));
  }
});

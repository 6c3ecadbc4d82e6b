/** Names at the edge of what is allowed, and ADD where an ADD was already. */
import { describe, expect } from "bun:test";
import type { Attachment } from "../support/chain.ts";
import { PluginFailure } from "../support/plugin.ts";
import { expectError } from "./answers.ts";
import { contractTest } from "./contract-test.ts";
import { leftovers, makeBench, makeNetwork } from "./network.ts";
import { leavesTraces, SUBJECTS } from "./subjects/index.ts";
import { expectConfigured } from "./witness.ts";

/** No upper length is set; a file's name ends at 255 bytes, an nft comment at 128, an alias at 255. */
const LONG_ID = `c${"0123456789abcdef".repeat(40)}`;
const LONG_NETWORK = `net-${"a.b_c-D9".repeat(25)}`;
/** 15 bytes that shells, nft and JSON have each a meaning for. */
const ODD_NAMES = [`e'"$;\\{}*#`, "ethé💡", "...", "[x]|y&z^~.100"];

const core = SUBJECTS.filter(({ variant }) => !variant);

describe("names", () => {
  for (const subject of core.filter(leavesTraces))
    contractTest(`${subject.name}: long and odd names do their whole life, and the rule set loads again`, async () => {
      await using bench = await makeBench();
      const network = makeNetwork(bench, subject, { name: LONG_NETWORK });
      await subject.prepare?.(network);
      const before = await bench.snapshot();
      const made: Attachment[] = [];
      for (const [i, ifName] of ODD_NAMES.entries()) {
        // Two ways to tell containers apart at the very end of a long ID.
        const attached = await network.attach(`${LONG_ID}${i % 2}`, { ifName });
        await expectConfigured(attached);
        made.push(attached.at);
      }
      for (const at of made) await network.chain.check(at);
      await using fresh = await makeBench();
      const ruleset = await bench.host.exec("nft", "-s", "list", "ruleset");
      expect(await fresh.host.run(["nft", "-f", "-"], { stdin: ruleset })).toMatchObject({ code: 0, stderr: "" });
      expect(await fresh.host.exec("nft", "-s", "list", "ruleset")).toBe(ruleset);

      const [first, ...rest] = made;
      if (first) await network.chain.del(first);
      await network.chain.gc(
        rest.map(({ containerId, ifName = "" }) => ({ containerID: containerId, ifname: ifName })),
      );
      for (const at of rest) await network.chain.check(at);
      await network.chain.gc([]);
      // A link's settings below /proc/sys come and go with it.
      expect(leftovers(before, await bench.snapshot(), subject)).toEqual([]);
    });

  for (const subject of core)
    contractTest(`${subject.name}: what Kubernetes says in CNI_ARGS is no obstacle`, async () => {
      await using bench = await makeBench();
      const network = makeNetwork(bench, subject);
      await subject.prepare?.(network);
      const args =
        "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=one;K8S_POD_UID=u";
      const { at } = await network.attach("one", { args });
      await network.chain.check(at);
      await network.chain.del(at);
    });
});

describe("ADD a second time", () => {
  for (const subject of core)
    for (const where of ["in the same namespace", "in another namespace"])
      contractTest(`${subject.name}: ${where}, refused or not, it leaves the first attachment whole`, async () => {
        await using bench = await makeBench();
        const network = makeNetwork(bench, subject);
        await subject.prepare?.(network);
        const fresh = await bench.snapshot();
        const one = await network.attach("one");
        const before = await bench.snapshot();
        const netns = where.includes("another") ? (await bench.sandbox()).path : one.at.netns;
        const again = { ...one.at, netns };
        const error: unknown = await network.chain.add(again).then(
          () => undefined,
          (failure: unknown) => failure,
        );
        if (error instanceof PluginFailure) expectError(error.answer);
        else if (error !== undefined) throw error;
        expect(leftovers(before, await bench.snapshot(), { stays: [] })).toEqual([]);
        await network.chain.check({ ...one.at, prevResult: JSON.parse(JSON.stringify(one.result)) });
        await network.chain.del({ ...one.at, prevResult: JSON.parse(JSON.stringify(one.result)) });
        expect(leftovers(fresh, await bench.snapshot(), subject)).toEqual([]);
      });
});

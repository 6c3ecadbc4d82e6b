import { expect, test } from "bun:test";
import { loadNative } from "../../native/load.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { nftChange, nftLookup } from "../../src/kernel/nft.ts";
import { splitElements } from "../../src/kernel/nft-change.ts";
import { openKernel } from "../../src/kernel/open.ts";
import { comment, commentOf, NFT_DATA, NFT_SET, newElements, TYPE } from "../../src/netlink/nft/index.ts";
import { makeNetns, type Netns } from "../support/netns.ts";
import { lacksRoot, testUnless } from "../support/skip.ts";

const T = { family: "inet", table: "t" } as const;
const key = (i: number): Uint8Array => Uint8Array.of(10, i >> 16, (i >> 8) & 255, i & 255);

interface Place extends AsyncDisposable {
  readonly host: Netns;
  readonly nft: Kernel["nft"];
}

/** A namespace with a table: map `m` from address to address, map `v` to verdicts, chain `c`. */
async function makePlace(): Promise<Place> {
  const host = await makeNetns();
  const outside = openKernel(loadNative(), { waiting: "here" });
  const kernel = await outside.enter(host.path);
  await kernel.nft.transaction(async () => ({
    result: undefined,
    changes: [
      nftChange.addTable(T, comment("ours")),
      nftChange.addChain(T, "c", undefined, comment("a chain")),
      nftChange.addSet(T, {
        name: "m",
        id: 1,
        flags: NFT_SET.MAP,
        keyType: TYPE.IPADDR,
        keyLen: 4,
        dataType: TYPE.IPADDR,
        dataLen: 4,
      }),
      nftChange.addSet(T, {
        name: "v",
        id: 2,
        flags: NFT_SET.MAP,
        keyType: TYPE.IPADDR,
        keyLen: 4,
        dataType: NFT_DATA.VERDICT,
      }),
      nftChange.addRule(T, "c", { expressions: [{ kind: "counter", data: {} }], userdata: comment("counts") }),
      ...nftChange.addElements(T, "v", [{ key: { value: key(1) }, data: { verdict: { code: "jump", chain: "c" } } }]),
    ],
  }));
  return {
    host,
    nft: kernel.nft,
    async [Symbol.asyncDispose]() {
      await kernel[Symbol.asyncDispose]();
      await outside[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

const element = (i: number, data = i, text = `element ${i}`) => ({
  key: { value: key(i) },
  data: { value: key(data) },
  userdata: comment(text),
});
const adding = (...all: ReturnType<typeof element>[]) => nftChange.addElements(T, "m", all);

testUnless(lacksRoot, "what is made is found by name and key, and as nft says", async () => {
  await using place = await makePlace();
  const { nft, host } = place;
  await nft.transaction(async () => ({ result: undefined, changes: adding(element(7)) }));
  const [table, chain, set, found, none, noSet] = await nft.find(
    nftLookup.table(T),
    nftLookup.chain(T, "c"),
    nftLookup.set(T, "m"),
    nftLookup.element(T, "m", key(7)),
    nftLookup.element(T, "m", key(8)),
    nftLookup.element(T, "x", key(7)),
  );
  expect(commentOf(table?.userdata)).toBe("ours");
  expect([chain?.name, chain?.use, commentOf(chain?.userdata)]).toEqual(["c", 2, "a chain"]);
  expect(set?.keyType).toBe(TYPE.IPADDR);
  expect(commentOf(found?.userdata)).toBe("element 7");
  expect([none, noSet]).toEqual([undefined, undefined]);
  expect((await nft.rules(T, "c")).map((rule) => commentOf(rule.userdata))).toEqual(["counts"]);
  expect(await nft.rules(T, "nowhere")).toEqual([]);
  expect(await nft.elements(T, "nowhere")).toEqual([]);
  expect((await nft.chains(T)).map((c) => c.name)).toEqual(["c"]);
  expect((await nft.tables()).map((t) => [t.family, t.name])).toEqual([["inet", "t"]]);
  expect(await host.exec("nft", "list", "map", "inet", "t", "m")).toContain('10.0.0.7 comment "element 7" : 10.0.0.7');
});

testUnless(lacksRoot, "a batch happens as a whole or not at all, and says what was refused", async () => {
  await using place = await makePlace();
  const { nft, host } = place;
  const before = await host.exec("nft", "list", "ruleset");
  const refused = nft.transaction(async () => ({
    result: undefined,
    changes: [...adding(element(1)), ...nftChange.delElements(T, "m", [key(2)]), ...adding(element(3))],
  }));
  expect(await refused.catch(String)).toMatch(/NFT_MSG_DELSETELEM "t m": ENOENT: .*\(attrs\.elements\.0/);
  expect(await host.exec("nft", "list", "ruleset")).toBe(before);
  await nft.check([...adding(element(1)), nftChange.addChain(T, "new")]);
  expect(await nft.check([nftChange.delChain(T, "c")]).catch(String)).toContain("EBUSY");
  expect(await host.exec("nft", "list", "ruleset")).toBe(before);
});

testUnless(lacksRoot, "a stale element is deleted and added again in one batch", async () => {
  await using place = await makePlace();
  const { nft, host } = place;
  await nft.transaction(async () => ({ result: undefined, changes: adding(element(1, 1, "old")) }));
  // Without deleting, the old comment stays, and another value is refused.
  await nft.transaction(async () => ({ result: undefined, changes: adding(element(1, 1, "new")) }));
  expect(await host.exec("nft", "list", "map", "inet", "t", "m")).toContain('"old"');
  await nft.transaction(async () => ({
    result: undefined,
    changes: [...nftChange.delElements(T, "m", [key(1)]), ...adding(element(1, 2, "new"))],
  }));
  expect(await host.exec("nft", "list", "map", "inet", "t", "m")).toContain('10.0.0.1 comment "new" : 10.0.0.2');
});

testUnless(
  lacksRoot,
  "a decision is made anew when somebody changed the rule set after it was read",
  async () => {
    await using place = await makePlace();
    const { nft, host } = place;
    let decisions = 0;
    const result = await nft.transaction(async (view) => {
      const [table] = await view.find(nftLookup.table({ family: "ip", table: "other" }));
      decisions++;
      if (decisions < 4) await host.exec("nft", "add", "table", "ip", decisions < 3 ? `t${decisions}` : "other");
      return { result: table?.name, changes: adding(element(decisions)) };
    });
    expect([decisions, result]).toEqual([4, "other"]);
    expect(await nft.elements(T, "m")).toHaveLength(1);

    // And not for ever.
    decisions = 0;
    const endless = nft.transaction(async (view) => {
      await view.find(nftLookup.table(T));
      await host.exec("nft", "add", "table", "ip", `e${decisions++}`);
      return { result: undefined, changes: adding(element(9)) };
    });
    expect(await endless.catch(String)).toContain("ERESTART");
    expect(decisions).toBe(20);
    // No change, no batch.
    expect(await nft.transaction(async () => ({ result: "read", changes: [] }))).toBe("read");
  },
  30_000,
);

testUnless(
  lacksRoot,
  "5,000 elements go in, are listed, searched and go out",
  async () => {
    await using place = await makePlace();
    const { nft } = place;
    const all = Array.from({ length: 5_000 }, (_, i) => element(i, i, `${"x".repeat(100)} ${i}.`));
    await nft.transaction(async () => ({ result: undefined, changes: adding(...all) }));
    expect(await nft.elements(T, "m")).toHaveLength(5_000);
    const some = await nft.elements(T, "m", [new TextEncoder().encode(" 4711.")]);
    expect(some.length).toBeLessThan(500);
    expect(some.some((e) => commentOf(e.userdata)?.endsWith(" 4711."))).toBe(true);
    const found = await nft.findAll(all.map((e) => nftLookup.element(T, "m", e.key.value)));
    expect(found.every((e, i) => e?.key?.value?.toHex() === key(i).toHex())).toBe(true);
    await nft.transaction(async () => ({
      result: undefined,
      changes: nftChange.delElements(
        T,
        "m",
        all.map((e) => e.key.value),
      ),
    }));
    expect(await nft.elements(T, "m")).toEqual([]);
  },
  30_000,
);

test("lists are cut so that each part fits one attribute", () => {
  const longest = {
    key: { value: new Uint8Array(64) },
    data: { verdict: { code: "jump" as const, chain: "ü".repeat(120) } },
    userdata: new Uint8Array(256),
  };
  const parts = splitElements(Array.from({ length: 1_000 }, () => longest));
  expect(parts.flat()).toHaveLength(1_000);
  for (const elements of parts)
    expect(newElements.encode({ attrs: { table: "t", set: "s", elements } }).length).toBeLessThan(65_000);
  expect(splitElements([])).toEqual([]);
});

testUnless(lacksRoot, "base chains of a hook are found in every table, and others are not decoded", async () => {
  await using place = await makePlace();
  const { host, nft } = place;
  await host.exec(
    "nft",
    `add table ip a; add chain ip a f { type filter hook forward priority -5; policy drop; }; add chain ip a i { type filter hook input priority 0; }
     add table bridge b; add chain bridge b f { type filter hook forward priority 7; }
     add chain inet t plain`,
  );
  const found = (await nft.baseChains("forward")).map(({ family, table, name, policy, hook }) => ({
    ...{ family, table, name, policy, priority: hook?.priority },
  }));
  expect(found.sort((a, b) => String(a.family).localeCompare(String(b.family)))).toEqual([
    { family: "bridge", table: "b", name: "f", policy: "accept", priority: 7 },
    { family: "ip", table: "a", name: "f", policy: "drop", priority: -5 },
  ]);
  expect((await nft.baseChains("input")).map(({ name }) => name)).toEqual(["i"]);
  expect(await nft.baseChains("postrouting")).toEqual([]);
  // Searched by a stretch of bytes.
  const needle = new TextEncoder().encode("a chain");
  expect((await nft.chains(T, [needle])).map(({ name }) => name)).toEqual(["c"]);
  expect((await nft.rules(T, "c", [new TextEncoder().encode("counts")])).length).toBe(1);
  expect(await nft.rules(T, "c", [new TextEncoder().encode("nowhere")])).toEqual([]);
});

testUnless(lacksRoot, "a rule goes before or behind another one, or before all", async () => {
  await using place = await makePlace();
  const { host, nft } = place;
  const rule = (text: string) => ({ expressions: [{ kind: "counter", data: {} }] as const, userdata: comment(text) });
  const comments = (): Promise<string[]> => nft.ruleComments(T, "c");
  const insert = async (text: string, place?: { before?: bigint; after?: bigint }): Promise<void> =>
    nft.transaction(async () => ({ changes: [nftChange.insertRule(T, "c", rule(text), place)], result: undefined }));
  await insert("first");
  expect(await comments()).toEqual(["first", "counts"]);
  const [, counts] = await nft.rules(T, "c");
  await insert("between", { before: counts?.handle ?? 0n });
  await insert("last", { after: counts?.handle ?? 0n });
  expect(await comments()).toEqual(["first", "between", "counts", "last"]);
  expect(await host.exec("nft", "list", "chain", "inet", "t", "c")).toMatch(
    /first[\s\S]*between[\s\S]*counts[\s\S]*last/,
  );
  expect(insert("nowhere", { after: 9999n })).rejects.toThrow(/ENOENT/);
});

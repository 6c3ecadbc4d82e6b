import { describe, expect, test } from "bun:test";
import { checkGolden, checkGoldenPart, expectBytes, loadGolden } from "../wire/golden.ts";
import { anyRule } from "./expr/all.ts";
import * as nft from "./index.ts";
import { NFT_DATA, NFT_SET, TYPE } from "./index.ts";

const golden = await loadGolden(new URL("./nft.hex", import.meta.url));
const inet = { family: "inet", version: 0, resId: 0 } as const;
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

describe("messages as nft sends them", () => {
  test("table", () =>
    checkGolden(nft.newTable, golden("table"), {
      header: inet,
      attrs: { name: "t", flags: 0, userdata: nft.comment("hello") },
    }));

  test("base chain", () =>
    checkGolden(nft.newChain, golden("base chain"), {
      header: inet,
      attrs: { table: "t", name: "b", type: "nat", policy: "accept", hook: { hooknum: 0, priority: -99 } },
    }));

  test("chain with a comment", () =>
    checkGolden(nft.newChain, golden("chain with comment"), {
      header: inet,
      attrs: { table: "t", name: "x", userdata: nft.comment("to y") },
    }));

  test("map of concatenations", () =>
    checkGolden(nft.newSet, golden("map"), {
      header: inet,
      attrs: {
        table: "t",
        name: "m",
        flags: NFT_SET.MAP,
        keyType: (TYPE.INET_PROTOCOL << 6) | TYPE.INET_SERVICE,
        keyLen: 8,
        dataType: (TYPE.IPADDR << 6) | TYPE.INET_SERVICE,
        dataLen: 8,
        id: 1,
        userdata: nft.userData([
          { type: nft.UDATA.SET_KEYBYTEORDER, data: bytesOf("00000000") },
          { type: nft.UDATA.SET_DATABYTEORDER, data: bytesOf("00000000") },
          { type: nft.UDATA.SET_KEY_TYPEOF, data: bytesOf("00040d00 0000 0100") },
          { type: nft.UDATA.SET_DATA_TYPEOF, data: bytesOf("00040d00 0000 0100") },
          { type: nft.UDATA.SET_DATA_INTERVAL, data: bytesOf("00000000") },
          nft.commentEntry("ports", nft.UDATA.SET_COMMENT),
        ]),
      },
    }));

  test("map of verdicts", () =>
    checkGoldenPart(nft.newSet, golden("verdict map"), {
      attrs: { dataType: NFT_DATA.VERDICT, dataLen: 0, keyLen: 12 },
    }));

  test("set of intervals", () =>
    checkGoldenPart(nft.newSet, golden("interval set"), {
      attrs: {
        flags: NFT_SET.INTERVAL | NFT_SET.TIMEOUT | NFT_SET.CONCAT,
        timeout: 5000n,
        desc: { size: 100, concat: [{ len: 4 }, { len: 2 }] },
      },
    }));

  test("set with typeof", () => checkGoldenPart(nft.newSet, golden("typeof set"), { attrs: { name: "i" } }));

  test("map element with a comment", () =>
    checkGolden(nft.newElements, golden("map element"), {
      header: inet,
      attrs: {
        table: "t",
        set: "p",
        setId: 1,
        elements: [
          {
            key: { value: bytesOf("06000000 1f900000") },
            data: { value: bytesOf("0a010005 00500000") },
            userdata: nft.comment("tsnet1 x"),
          },
        ],
      },
    }));

  test("element with a verdict", () =>
    checkGolden(nft.newElements, golden("verdict element"), {
      header: inet,
      attrs: {
        table: "t",
        set: "v",
        setId: 2,
        elements: [{ key: { value: bytesOf("0a010005") }, data: { verdict: { code: "jump", chain: "c" } } }],
      },
    }));

  test("deletion and look-up of an element", () => {
    const elements = [{ key: { value: bytesOf("0a010005") } }];
    checkGolden(nft.delElements, golden("delete element"), { header: inet, attrs: { table: "t", set: "v", elements } });
    checkGolden(nft.getElements, golden("get element"), { header: inet, attrs: { set: "v", table: "t", elements } });
  });

  test("elements in the kernel's answer", () =>
    checkGoldenPart(nft.newElements, golden("elements answer"), {
      attrs: {
        set: "v",
        elements: [{ key: { value: bytesOf("0a010005") }, data: { verdict: { code: "jump", chain: "c" } } }],
      },
    }));

  test("only some of the elements in an answer", () => {
    const three = ["0a010005", "0a010006", "0a010007"].map((hex) => ({ key: { value: bytesOf(hex) } }));
    const bytes = nft.newElements.encode({ header: inet, attrs: { table: "t", set: "v", elements: three } });
    const seen: string[] = [];
    const some = nft.someElements((element) => {
      seen.push(element.toHex());
      return element.at(-1) === 6;
    });
    expect(some.decode(bytes).attrs).toEqual({ table: "t", set: "v", elements: [three[1]] } as never);
    expect(seen).toHaveLength(3);
  });

  test("deletion of a chain's rules, of a table", () => {
    checkGolden(nft.delRule, golden("delete rules"), { header: inet, attrs: { table: "t", chain: "f" } });
    checkGolden(nft.delTable, golden("delete table"), { header: inet, attrs: { name: "t" } });
  });

  test("generation", () => checkGoldenPart(nft.newGen, golden("generation"), { attrs: { process: "nft" } }));

  test("batch", () => {
    // As nft 1.0.6 sends it to kernel 6.18; nft writes no generation.
    const header = { family: "unspec", version: 0, resId: nft.NFNL_SUBSYS.NFTABLES } as const;
    expectBytes(nft.batchBegin.encode({ header }, 1), bytesOf("14000000 1000 0100 00000000 00000000 0000000a"));
    expectBytes(nft.batchEnd.encode({ header }, 1), bytesOf("14000000 1100 0100 00000000 00000000 0000000a"));
  });
});

describe("rules", () => {
  test("dnat to what a map says", () =>
    checkGolden(nft.newRule, golden("rule dnat map"), {
      header: inet,
      attrs: {
        table: "t",
        chain: "n",
        expressions: [
          { kind: "meta", data: { key: "l4proto", dreg: 1 } },
          { kind: "payload", data: { dreg: 9, base: "transport", offset: 2, len: 2 } },
          { kind: "lookup", data: { sreg: 1, dreg: 1, set: "p", setId: 1 } },
          { kind: "nat", data: { type: "dnat", family: "ip", addrMin: 1, protoMin: 9 } },
        ],
        userdata: nft.comment("one"),
      },
    }));

  test("jump for what is local", () =>
    checkGolden(nft.newRule, golden("rule fib jump"), {
      header: inet,
      attrs: {
        table: "t",
        chain: "n",
        expressions: [
          { kind: "fib", data: { flags: nft.NFTA_FIB_F.DADDR, result: "type", dreg: 1 } },
          { kind: "cmp", data: { sreg: 1, op: "eq", data: { value: bytesOf("02000000") } } },
          { kind: "immediate", data: { dreg: 0, data: { verdict: { code: "jump", chain: "c" } } } },
        ],
      },
    }));

  test("masquerading of a prefix", () =>
    checkGolden(nft.newRule, golden("rule masquerade"), {
      header: inet,
      attrs: {
        table: "t",
        chain: "q",
        expressions: [
          { kind: "meta", data: { key: "nfproto", dreg: 1 } },
          { kind: "cmp", data: { sreg: 1, op: "eq", data: { value: bytesOf("02") } } },
          { kind: "payload", data: { dreg: 1, base: "network", offset: 12, len: 4 } },
          {
            kind: "bitwise",
            data: {
              sreg: 1,
              dreg: 1,
              len: 4,
              mask: { value: bytesOf("fff00000") },
              xor: { value: bytesOf("00000000") },
            },
          },
          { kind: "cmp", data: { sreg: 1, op: "eq", data: { value: bytesOf("0a200000") } } },
          { kind: "masq", data: {} },
        ],
      },
    }));

  test("range, counter and verdict", () =>
    checkGoldenPart(nft.newRule, golden("rule range"), {
      attrs: {
        expressions: [
          { kind: "payload" },
          { kind: "range", data: { op: "neq", from: { value: bytesOf("0003") }, to: { value: bytesOf("0006") } } },
          { kind: "meta", data: { key: "iifname" } },
          { kind: "cmp", data: { data: { value: bytesOf("657468") } } },
          { kind: "counter" },
          { kind: "immediate", data: { data: { verdict: { code: "drop" } } } },
        ],
      },
    }));

  test("connection tracking by direction", () =>
    checkGoldenPart(nft.newRule, golden("rule ct vmap"), { attrs: { chain: "q" } }));

  test("the kernel's answer", () =>
    checkGoldenPart(nft.newRule, golden("rule answer"), {
      attrs: {
        handle: 9n,
        userdata: nft.comment("z"),
      },
    }));

  test("expressions that are only printed survive as bytes, and are read by the full list", () => {
    for (const name of ["rule of many", "rule numgen", "rule dynset"]) {
      checkGoldenPart(nft.newRule, golden(name), { attrs: { table: "t" } });
      checkGoldenPart(anyRule, golden(name), { attrs: { table: "t" } });
    }
    const kinds = (name: string) => anyRule.decode(golden(name)).attrs.expressions?.map((e) => e.kind);
    expect(kinds("rule of many")).toEqual(
      ["meta", "cmp", "payload", "cmp", "exthdr", "cmp", "cmp", "limit", "log", "reject"], // nft checks the protocol itself
    );
    expect(kinds("rule numgen")).not.toContain("unknown");
    expect(kinds("rule dynset")).toContain("dynset");
    const log = anyRule.decode(golden("rule of many")).attrs.expressions?.find((e) => e.kind === "log");
    expect(log).toEqual({ kind: "log", data: { prefix: "hi ", level: 4 } });
  });
});

describe("user data", () => {
  test("comments go there and back", () => {
    expect(nft.commentOf(nft.comment("tsnet1 ä"))).toBe("tsnet1 ä");
    expect(nft.commentOf(bytesOf("0901 00"))).toBeUndefined();
    expect(nft.commentOf(undefined)).toBeUndefined();
  });

  test("what is no list of entries has no comment", () => {
    expect(nft.commentOf(bytesOf("00 05 6869"))).toBeUndefined();
    expect(nft.parseUserData(bytesOf("0101ff 00"))).toEqual([{ type: 1, data: bytesOf("ff") }]);
    expect(() => nft.comment("x".repeat(255))).toThrow(/at most 255/);
  });

  test("a signed priority out of range is refused", () => {
    expect(() => nft.newChain.encode({ attrs: { hook: { priority: 2 ** 31 } } })).toThrow(/attrs\.hook\.priority/);
  });
});

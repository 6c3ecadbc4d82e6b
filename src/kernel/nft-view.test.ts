import { expect, test } from "bun:test";
import { getElements, newElements } from "../netlink/nft/index.ts";
import { ack, answer, fakeKernel } from "../netlink/socket/fake-kernel.ts";
import { NLM_F, netlinkSocket } from "../netlink/socket/index.ts";
import { elementLookups, nftView } from "./nft-view.ts";

const TABLE = { family: "inet", table: "tsnet" } as const;
const KEYS = [
  ["ports4", Uint8Array.of(6, 0, 0, 0, 0, 80, 0, 0)],
  ["ports4", Uint8Array.of(17, 0, 0, 0, 0, 53, 0, 0)],
  ["names", Uint8Array.of(1, 2, 3, 4, 5, 6)],
  ["ports4", Uint8Array.of(6, 0, 0, 0, 1, 187, 0, 0)],
  // Not a key that the set can have; its message must be right all the same.
  ["ports4", Uint8Array.of(9, 9, 9, 9)],
] as const;

test("lookups of one set share a message, and each is what its schema writes", () => {
  const lookup = elementLookups(TABLE);
  for (const [i, [set, value]] of KEYS.entries()) {
    const attrs = { table: "tsnet", set, elements: [{ key: { value } }] };
    const input = { header: { family: "inet" as const }, attrs };
    expect(lookup(set, value).request.encode(70_000 + i)).toEqual(getElements.encode(input, NLM_F.REQUEST, 70_000 + i));
  }
});

const ENOENT = 2;

test("ten thousand elements are looked up in fifty exchanges; what is not there is undefined", async () => {
  const kernel = fakeKernel((requests) =>
    requests.map((request, i) => {
      if (request.type !== getElements.type)
        return answer(0xa0f, 0, request.seq, Uint8Array.of(0, 0, 0, 0, 8, 0, 1, 0, 0, 0, 0, 7));
      if (i % 2 === 0) return ack(request, ENOENT);
      const { attrs } = getElements.decode(request.bytes);
      return newElements.encode({ header: { family: "inet" }, attrs }, 0, request.seq);
    }),
  );
  const view = nftView(netlinkSocket(kernel));
  const lookup = elementLookups(TABLE);
  const keys = Array.from({ length: 10_000 }, (_, i) => Uint8Array.of(6, 0, 0, 0, i >> 8, i & 255, 0, 0));
  const found = await view.findAll(keys.map((key) => lookup("ports4", key)));
  expect(kernel.seen.length).toBe(50);
  expect(kernel.seen.flat().length).toBe(10_001); // one asks for the generation
  expect(found.length).toBe(10_000);
  expect(found.filter((element) => element === undefined).length).toBeGreaterThan(4000);
  for (const [i, element] of found.entries()) if (element) expect(element.key?.value).toEqual(keys[i] as Uint8Array);
});

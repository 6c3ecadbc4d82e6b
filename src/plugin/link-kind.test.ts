import { describe, expect, test } from "bun:test";
import { NetlinkError } from "../netlink/socket/index.ts";
import { requireLinkKind } from "./link-kind.ts";

/** Asked for a link, a kernel that answers with this errno. */
const answering = (errno: number | undefined) => {
  const asked: unknown[] = [];
  const add = async (spec: unknown): Promise<unknown> => {
    asked.push(spec);
    if (errno !== undefined) throw new NetlinkError("RTM_NEWLINK", errno);
    return {};
  };
  return { asked, host: { link: { add } } as never };
};
const [EPERM, EOPNOTSUPP, EADDRNOTAVAIL] = [1, 95, 99];
const WORDS = { purpose: "for tests", modules: "module vxlan" };

describe("a kind of links", () => {
  test("is there when the kernel objects to the address", async () => {
    const { asked, host } = answering(EADDRNOTAVAIL);
    await requireLinkKind(host, { kind: "vxlan" }, WORDS);
    // A group's: no kernel makes that.
    expect(asked).toMatchObject([{ address: "01:00:00:00:00:00", info: { kind: "vxlan" } }]);
  });
  test("is not there: code 50 and what to load; anything else is told as it is", async () => {
    await expect(requireLinkKind(answering(EOPNOTSUPP).host, { kind: "vxlan" }, WORDS)).rejects.toMatchObject({
      code: 50,
      message: "this kernel has no links of kind vxlan, for tests",
      details: expect.stringContaining("load the module vxlan"),
    });
    await expect(requireLinkKind(answering(EPERM).host, { kind: "vxlan" }, WORDS)).rejects.toMatchObject({
      errno: EPERM,
    });
  });
});

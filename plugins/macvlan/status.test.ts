import { expect, test } from "bun:test";
import { NetlinkError } from "../../src/netlink/socket/index.ts";
import { status } from "./status.ts";

test("STATUS says that the kernel makes no links of kind macvlan, before anything else", async () => {
  const add = () => Promise.reject(new NetlinkError("RTM_NEWLINK", 95));
  const asked = status({ conf: {} } as never, { host: { link: { add } } } as never);
  await expect(asked).rejects.toMatchObject({ code: 50, details: expect.stringContaining("module macvlan") });
});

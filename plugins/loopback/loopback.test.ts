import { expect, test } from "bun:test";
import type { NetworkConfig } from "../../src/cni/types.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { NetlinkError } from "../../src/netlink/socket/index.ts";
import { del } from "./loopback.ts";

const ESRCH = 3;
const conf: NetworkConfig = { cniVersion: "1.0.0", name: "lo", type: "loopback", raw: {} };

/** DEL with this CNI_NETNS; gives what was set in the sandbox, which may be gone when it is entered. */
async function run(netns: string, gone = false): Promise<unknown[]> {
  const changes: unknown[] = [];
  const link: Pick<Kernel["link"], "get" | "set"> = {
    get: async () => ({ index: 1, name: "lo", up: true }) as Link,
    set: async (_index, change) => void changes.push(change),
  };
  const host: Pick<Kernel, "enter"> = {
    enter: async () => {
      if (gone) throw new NetlinkError("open", ESRCH);
      const sandbox: Pick<Kernel, typeof Symbol.asyncDispose> & { link: typeof link } = {
        link,
        [Symbol.asyncDispose]: async () => {},
      };
      return sandbox as Kernel;
    },
  };
  const ctx = {
    host: host as Kernel,
    ipam: {
      of: () => {
        throw new Error("no IPAM");
      },
    },
    note: () => {},
  };
  await del({ conf, containerId: "c1", ifName: "lo", netns, args: "" }, ctx);
  return changes;
}

test("DEL sets lo down", async () => expect(await run("/run/netns/a")).toEqual([{ up: false }]));

test("DEL succeeds where the namespace is gone, also since it was looked at", async () => {
  expect(await run("")).toEqual([]);
  expect(await run("/run/netns/a", true)).toEqual([]);
});

test("DEL leaves alone what is reached by a process's number: it may be another container's", async () =>
  expect(await run("/proc/1234/ns/net")).toEqual([]));

import { expect, test } from "bun:test";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { ensureVlanGateway } from "./vlan-gateway.ts";

const BRIDGE = { index: 3, name: "br0" } as Link;
const GATEWAY = { index: 8, name: "br0.100", kind: "veth", peerIndex: 9 } as Link;
const PORT = { index: 9, name: "veth01234567", kind: "veth", peerIndex: 8 } as Link;

/** What is done on a host with these links; a pair is made with both of them, its port not yet joined. */
async function run(...links: Link[]): Promise<string[]> {
  const log: string[] = [];
  const link: Pick<Kernel["link"], "get" | "addVeth" | "set" | "setBridgeVlans"> = {
    get: async (wanted) => links.find(({ index, name }) => index === wanted || name === wanted),
    async addVeth({ name, peer }) {
      log.push(`add ${name} ${peer.name}`);
      links.push(GATEWAY, PORT);
      return GATEWAY;
    },
    set: async (index, changes) => void log.push(`set ${index} ${JSON.stringify(changes)}`),
    setBridgeVlans: async (index, vlans) => void log.push(`vlans ${index} ${JSON.stringify(vlans)}`),
  };
  const gateway = await ensureVlanGateway({ link } as Kernel, BRIDGE, 100);
  return [...log, `is ${gateway.index}`];
}

const JOINED = ['set 9 {"master":3,"up":true}', 'vlans 9 [{"vid":100,"pvid":true,"untagged":true}]'];

test("a VLAN's gateway is made when it is absent", async () => {
  expect(await run()).toEqual([expect.stringMatching(/^add br0\.100 vgw[0-9a-f]{12}$/), ...JOINED, "is 8"]);
});

test("one whose maker was killed, or is not done yet, is completed", async () => {
  expect(await run(GATEWAY, PORT)).toEqual([...JOINED, "is 8"]);
  expect(await run(GATEWAY, { ...PORT, master: 3 })).toEqual([...JOINED, "is 8"]);
});

test("one that somebody made in another way is taken as it is", async () => {
  expect(await run({ ...GATEWAY, kind: "vlan", peerIndex: 3 }, BRIDGE)).toEqual(["is 8"]);
  expect(await run(GATEWAY, { ...PORT, master: 4 })).toEqual(["is 8"]);
  expect(await run({ ...GATEWAY, peerNetnsId: 0 }, PORT)).toEqual(["is 8"]);
});

test("a name that is too long is told before anything is made", async () => {
  const host = {} as Kernel;
  const error = await ensureVlanGateway(host, { ...BRIDGE, name: "bridge-of-blue" }, 100).catch((e: unknown) => e);
  expect(error).toMatchObject({ code: 7 });
});

import { netnsAt, type Place } from "./place.ts";
import { must, randomName, run } from "./run.ts";

export interface Netns extends Place, AsyncDisposable {}

/**
 * A network namespace of the test's own, `ip netns add t…`, with its loopback up; deleted when the scope ends.
 *
 *   await using host = await makeNetns();
 *   await using pod = await makeNetns({ loopbackUp: false });
 */
export async function makeNetns(options: { loopbackUp?: boolean } = {}): Promise<Netns> {
  const name = randomName("t");
  await must(["ip", "netns", "add", name]);
  const there = netnsAt(`/run/netns/${name}`, name);
  if (options.loopbackUp !== false) await there.exec("ip", "link", "set", "lo", "up");
  return { ...there, [Symbol.asyncDispose]: () => deleteNetns(name) };
}

/** A namespace as a runtime makes it for a sandbox: loopback still down, so that the `loopback` plugin has work. */
export const makeSandbox = (): Promise<Netns> => makeNetns({ loopbackUp: false });

async function deleteNetns(name: string): Promise<void> {
  const ran = await run(["ip", "netns", "del", name]);
  // A test may have deleted it itself: then there is nothing left to do.
  if (ran.code !== 0 && !/No such file or directory/.test(ran.stderr)) throw new Error(ran.stderr);
}

/** A veth pair between two places, with addresses (CIDR) on either side; both ends up. */
export async function connect(
  left: Place,
  leftName: string,
  leftAddresses: readonly string[],
  right: Place,
  rightName: string,
  rightAddresses: readonly string[],
): Promise<void> {
  const temporary = randomName("p");
  await left.exec("ip", "link", "add", "name", leftName, "type", "veth", "peer", "name", temporary);
  await must(["nsenter", `--net=${left.path}`, "ip", "link", "set", "dev", temporary, "netns", right.path]);
  await right.exec("ip", "link", "set", "dev", temporary, "name", rightName);
  for (const [side, link, addresses] of [
    [left, leftName, leftAddresses],
    [right, rightName, rightAddresses],
  ] as const) {
    for (const address of addresses) {
      const noDad = address.includes(":") ? ["nodad"] : [];
      await side.exec("ip", "addr", "add", address, "dev", link, ...noDad);
    }
    await side.exec("ip", "link", "set", "dev", link, "up");
  }
}

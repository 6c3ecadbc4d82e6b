import { loadNative } from "../../native/load.ts";
import type { Waiting } from "../../src/kernel/context.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { openKernel } from "../../src/kernel/open.ts";
import { makeNetns, type Netns } from "../support/netns.ts";

/** A namespace of the test's own, with our kernel bound to it and the witness's commands (`place.exec`). */
export interface World extends AsyncDisposable {
  readonly place: Netns;
  readonly kernel: Kernel;
  /** What a command of `ip -j` or the like prints, parsed. */
  json(...command: string[]): Promise<Witness[]>;
}

/** One object of JSON output: fields as the command names them. */
export type Witness = Record<string, unknown>;

export async function makeWorld(waiting: Waiting = "here"): Promise<World> {
  await using cleanup = new AsyncDisposableStack();
  const place = cleanup.use(await makeNetns());
  const root = cleanup.use(openKernel(loadNative(), { waiting }));
  const kernel = cleanup.use(await root.enter(place.path));
  const kept = cleanup.move();
  return {
    place,
    kernel,
    json: async (...command) => JSON.parse(await place.exec(...command)) as Witness[],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** A veth pair `v0`, `v1` of one namespace, both up. */
export async function makePair({ kernel }: World): Promise<{ v0: Link; v1: Link }> {
  await kernel.link.addVeth({ name: "v0", up: true, peer: { name: "v1", up: true } });
  const [v0, v1] = [await kernel.link.get("v0"), await kernel.link.get("v1")];
  if (!v0 || !v1) throw new Error("the pair is not there");
  return { v0, v1 };
}

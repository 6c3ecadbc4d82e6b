import type { Fd } from "../../../native/addon.ts";
import { type Attached, attach, detach } from "../network/attach.ts";
import { choosePorts } from "../network/ports.ts";
import { readJson, removeFile, unless, writeJson } from "../store/files.ts";
import { containerFolder, netnsPath } from "../store/places.ts";
import type { Surroundings } from "../surroundings.ts";
import type { PortSpec } from "../values/port.ts";
import type { ContainerRecord } from "./record.ts";

/** A container's network while it has one: `containers/<id>/network.json`. */
export interface NetworkState {
  /** With the ports of the host that were chosen. */
  readonly ports: readonly PortSpec[];
  /** `undefined` while it is being made, and without network. */
  readonly attached?: Attached | undefined;
}

const path = (s: Surroundings, id: string): string => `${containerFolder(s.places, id)}/network.json`;

export const networkState = (s: Surroundings, id: string): NetworkState | undefined =>
  readJson(s.native, path(s, id)) as NetworkState | undefined;

/** Makes the container's network namespace, with nothing in it yet, and chooses its ports. */
export async function beginNetwork(s: Surroundings, record: ContainerRecord): Promise<NetworkState> {
  const { id } = record;
  const state = { ports: await choosePorts(record.ports) };
  // Before the first step: what is taken away later are these ports.
  writeJson(s.native, path(s, id), state, { durable: false });
  s.native.makeDirs(`${s.places.run}/netns`, 0o711);
  s.native.netnsCreate(netnsPath(s.places, id));
  return state;
}

/** On the default network, unless the container wants none. */
export async function connectNetwork(
  s: Surroundings,
  record: ContainerRecord,
  { ports }: NetworkState,
  held: Fd | undefined,
): Promise<NetworkState> {
  const { id } = record;
  if (record.network !== "bridge") return { ports };
  const state = { ports, attached: await attach(s, id, netnsPath(s.places, id), ports, held) };
  writeJson(s.native, path(s, id), state, { durable: false });
  return state;
}

/** Takes away what was made of it, as far as it came; twice is fine. */
export async function removeNetwork(
  s: Surroundings,
  id: string,
  mode: ContainerRecord["network"],
  held: Fd | undefined,
): Promise<void> {
  unless(["ENOENT"], () => s.native.netnsDelete(netnsPath(s.places, id)));
  if (mode === "bridge") await detach(s, id, networkState(s, id)?.ports ?? [], held);
  removeFile(s.native, path(s, id));
}

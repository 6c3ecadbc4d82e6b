import { Failure } from "../failure.ts";

/** Where everything is kept. */
export interface Places {
  /** What outlives a reboot: images, containers, leases. Root's alone (0700): others could run set-user-ID files in it. */
  readonly data: string;
  /** What ends with a boot: sockets, namespaces, processes. */
  readonly run: string;
}

const STANDARD_DATA = "/var/lib/tsbox";

/**
 * What tells the containers of one data folder from those of another, where the kernel knows only names (cgroups, networks): ""
 * for the usual folder. Without it `system gc` with one folder would take the other's containers for rubbish.
 */
export const instanceOf = ({ data }: Pick<Places, "data">): string =>
  data === STANDARD_DATA ? "" : `-${new Bun.CryptoHasher("sha256").update(data).digest("hex").slice(0, 8)}`;

/**
 * `/var/lib/tsbox` and `/run/tsbox`; TSBOX_DATA and TSBOX_RUN name others. A data folder has a run folder of its own, as what is in
 * one and not known to the other is rubbish.
 */
export function placesOf(env: Readonly<Record<string, string | undefined>>): Places {
  const data = folder(env, "TSBOX_DATA", STANDARD_DATA);
  return { data, run: folder(env, "TSBOX_RUN", `/run/tsbox${instanceOf({ data })}`) };
}

function folder(env: Readonly<Record<string, string | undefined>>, name: string, standard: string): string {
  const path = (env[name] || standard).replace(/\/+$/, "");
  if (!path.startsWith("/") || /[\n\0,:\\]/.test(path))
    throw new Failure(
      `${name}=${JSON.stringify(path)} is no absolute path that a mount can name`,
      "name a folder from /",
    );
  return path;
}

export const imagesIn = ({ data }: Places): string => `${data}/images`;
export const imageFolder = (places: Places, id: string): string => `${imagesIn(places)}/${id}`;
export const containersIn = ({ data }: Places): string => `${data}/containers`;
export const containerFolder = (places: Places, id: string): string => `${containersIn(places)}/${id}`;
export const namesIn = ({ data }: Places): string => `${data}/names`;
/**
 * A file for each container that has, or may have, something in the kernel: made before the first such thing, removed after
 * the last. Commands look here alone for what a killed one left.
 */
export const activeIn = ({ data }: Places): string => `${data}/active`;
/** The helper's folder. Short, as paths of sockets have 107 bytes (unix(7)); 80 bits of the ID tell containers apart. */
export const runFolder = ({ run }: Places, id: string): string => `${run}/c/${id.slice(0, 20)}`;
export const netnsPath = ({ run }: Places, id: string): string => `${run}/netns/${id}`;

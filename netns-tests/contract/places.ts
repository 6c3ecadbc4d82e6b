import { type Place, place } from "../support/place.ts";
import type { Bench } from "./network.ts";

/** The host, entered by way of another command. */
export const through = ({ host }: Pick<Bench, "host">, ...wrapper: readonly string[]): Place =>
  place(host.name, host.path, [...host.enter, ...wrapper]);

/** The host, where a script runs before the plugin, which it has as "$@". */
export const after = (bench: Pick<Bench, "host">, script: string): Place => through(bench, "sh", "-c", script, "sh");

/** The same, with mounts of its own. */
export const inMounts = (bench: Pick<Bench, "host">, script: string): Place =>
  through(bench, "unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh");

/** The host, where a folder cannot be written. */
export const withReadOnly = (bench: Pick<Bench, "host">, folder: string): Place =>
  inMounts(bench, `mount --bind ${folder} ${folder} && mount -o remount,bind,ro ${folder} && exec "$@"`);

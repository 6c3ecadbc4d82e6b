import { loadNative } from "../../native/load.ts";
import { CNI_VERSIONS } from "../../src/cni/types.ts";
import type { Plugin } from "../../src/plugin/plugin.ts";
import type { Files } from "../store/files.ts";
import { add } from "./add.ts";
import { check } from "./check.ts";
import { type HostLocalConf, parseConf } from "./config.ts";
import { del } from "./del.ts";
import { gc } from "./gc.ts";
import { status } from "./status.ts";

/** host-local on the given file functions, which are asked for at each call. */
export function hostLocalOn(files: () => Files): Plugin<HostLocalConf> {
  return {
    name: "host-local",
    versions: CNI_VERSIONS,
    entersNetns: false,
    parse: parseConf,
    add: (req, ctx) => add(req, files(), ctx),
    del: (req, ctx) => del(req, files(), ctx),
    check: (req, ctx) => check(req, files(), ctx),
    gc: (req, ctx) => gc(req, files(), ctx),
    status: (req, ctx) => status(req, files(), ctx),
  };
}

/** IPAM from address ranges, with leases on disk in the reference host-local's own form. */
export const hostLocal = hostLocalOn(loadNative);

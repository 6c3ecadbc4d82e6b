import { parseCniArgs } from "../../src/cni/args.ts";
import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import { type Fields, fields } from "../../src/cni/keys.ts";
import type { AttachmentRequest, NetworkConfig } from "../../src/cni/types.ts";
import { parseMac } from "../../src/plugin/mac.ts";
import { parseSysctl, requireSameValue, type Sysctl } from "./sysctl.ts";

/** What a link is set to. Absent: left as it is. */
export interface LinkSettings {
  /** Lower case, colon-separated. */
  mac?: string;
  promisc?: boolean;
  /** Bytes. */
  mtu?: number;
  allmulti?: boolean;
  /** Packets. */
  txQLen?: number;
}

/** A checked tuning configuration. */
export interface TuningConf extends NetworkConfig {
  /** In the config's order. */
  readonly sysctls: readonly Sysctl[];
  /** But for the hardware address, which CNI_ARGS may name: `wantedSettings`. */
  readonly settings: Readonly<Omit<LinkSettings, "mac">>;
  readonly macs: {
    /** Of the config, below CNI_ARGS. */
    readonly config: string | undefined;
    /** Of `args.cni` or the runtime, above them. */
    readonly runtime: string | undefined;
  };
  readonly dataDir: string;
}

export const DEFAULT_DATA_DIR = "/run/cni/tuning";

/** ETH_MIN_MTU of linux/if_ether.h; the link has a limit of its own above. */
const MTU = { min: 0, max: 2 ** 31 - 1 };
const MIN_MTU = 68;
const MAX_TXQLEN = 2 ** 32 - 1;
/** The parameters of one interface are some 130. */
const MAX_SYSCTLS = 512;
const MAC_FORM = "a unicast MAC address such as 02:00:00:00:00:01";

export function parse(conf: NetworkConfig, { lenient }: { lenient: boolean }): TuningConf {
  const f = fields(conf.raw, "", lenient);
  const args = f.object("args")?.object("cni");
  const dataDir = f.string("dataDir") || DEFAULT_DATA_DIR;
  // A clean-up goes by what ADD wrote down.
  if (lenient) return { ...conf, sysctls: [], settings: {}, macs: { config: undefined, runtime: undefined }, dataDir };
  return {
    ...conf,
    sysctls: sysctlsOf([f.object("sysctl"), args?.object("sysctl")]),
    settings: { ...settingsOf(f), ...(args && settingsOf(args)) },
    macs: {
      config: macOf(f),
      runtime: (args && macOf(args)) ?? macOf(f.object("runtimeConfig")),
    },
    dataDir,
  };
}

function settingsOf(f: Fields): Omit<LinkSettings, "mac"> {
  const [promisc, allmulti] = [f.bool("promisc"), f.bool("allmulti")];
  const [mtu, txQLen] = [f.int("mtu", MTU), f.int("txQLen", { min: 0, max: MAX_TXQLEN })];
  if (mtu !== undefined && mtu !== 0 && mtu < MIN_MTU) throw f.wrong("mtu", `0, or an integer of at least ${MIN_MTU}`);
  return {
    // As in the reference: false leaves it as it is, and so does an MTU of 0.
    ...(promisc && { promisc }),
    ...(mtu && { mtu }),
    ...(allmulti !== undefined && { allmulti }),
    ...(txQLen !== undefined && { txQLen }),
  };
}

function macOf(f: Fields | undefined): string | undefined {
  const text = f?.string("mac");
  if (!f || !text) return undefined;
  const mac = parseMac(text);
  if (mac === undefined) throw f.wrong("mac", MAC_FORM);
  return mac;
}

/** Those of a later object count before the earlier one's, however each spells them. */
function sysctlsOf(objects: readonly (Fields | undefined)[]): Sysctl[] {
  const byPath = new Map<string, Sysctl>();
  for (const f of objects) if (f) for (const [path, sysctl] of sysctlsIn(f)) byPath.set(path, sysctl);
  if (byPath.size > MAX_SYSCTLS)
    throw new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, `key "sysctl": ${byPath.size} entries, at most ${MAX_SYSCTLS}`);
  return [...byPath.values()];
}

/**
 * One parameter may be spelled in two ways, which the order of keys must not decide between. Of one key twice, JSON's readers
 * (and libcni's before they call a plugin) leave the last.
 */
function sysctlsIn(f: Fields): Map<string, Sysctl> {
  const byPath = new Map<string, Sysctl>();
  for (const [key, value] of Object.entries(f.raw)) {
    if (value === null) continue;
    if (typeof value !== "string") throw f.wrong(key, "a string");
    const sysctl = parseSysctl(f.pathOf(key), key, value);
    requireSameValue(byPath.get(sysctl.path), sysctl);
    byPath.set(sysctl.path, sysctl);
  }
  return byPath;
}

/** Lowest to highest: the config's `mac`, CNI_ARGS MAC, the runtime's (capability `mac`), `args.cni.mac`. */
export function wantedSettings({ conf, args }: AttachmentRequest<TuningConf>): LinkSettings {
  const { config, runtime } = conf.macs;
  const text = parseCniArgs(args, ["MAC"])["MAC"];
  const own = text ? parseMac(text) : undefined;
  if (text && own === undefined)
    throw new CniError(
      CNI_CODE.INVALID_ENVIRONMENT,
      `CNI_ARGS: MAC ${JSON.stringify(text)} is no unicast MAC address`,
      "form: MAC=02:00:00:00:00:01",
    );
  const mac = runtime ?? own ?? config;
  return { ...(mac !== undefined && { mac }), ...conf.settings };
}

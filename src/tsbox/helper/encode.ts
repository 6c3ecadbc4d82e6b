/** Writes the helper's configuration (native/box/README.md). Pure. */
import type {
  ContainerConfig,
  ExecConfig,
  MountFlag,
  NamespaceKind,
  ProcessConfig,
  Propagation,
  RlimitName,
} from "./config.ts";
import { RECORDS, type RecordName } from "./schema.ts";

/** The whole configuration may have that many bytes. */
export const MAX_CONFIG_BYTES = 1 << 20;
const MAX_RECORDS = 8192;
const MAGIC = "tsboxcf1";
const HEAD_BYTES = 16;

/** clone(2), linux/sched.h */
const NAMESPACE: Readonly<Record<NamespaceKind, number>> = {
  time: 0x80,
  mnt: 0x20000,
  cgroup: 0x2000000,
  uts: 0x4000000,
  ipc: 0x8000000,
  pid: 0x20000000,
  net: 0x40000000,
};

/** MS_*, linux/mount.h */
const MOUNT_FLAG: Readonly<Record<MountFlag, number>> = {
  ro: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  sync: 16,
  dirsync: 128,
  nosymfollow: 256,
  noatime: 1024,
  nodiratime: 2048,
  relatime: 1 << 21,
  strictatime: 1 << 24,
};

const REC = 16384;
const PROPAGATION: Readonly<Record<Propagation, number>> = {
  unbindable: 1 << 17,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
  runbindable: (1 << 17) | REC,
  rprivate: (1 << 18) | REC,
  rslave: (1 << 19) | REC,
  rshared: (1 << 20) | REC,
};

/** RLIMIT_*, asm-generic/resource.h */
const RLIMIT: Readonly<Record<RlimitName, number>> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
};

const MOUNT_KIND = { fs: 0, bind: 1, rbind: 2 } as const;
const RESTART = { no: 0, "on-failure": 1, always: 2, "unless-stopped": 3 } as const;
const OPTION = {
  noNewPrivileges: 1,
  terminal: 2,
  stdin: 4,
  stdinOnce: 8,
  init: 16,
  killWithClient: 32,
  loopback: 64,
  endIfAlone: 128,
} as const;
const FOR_EVER = 0xffff_ffff_ffff_ffffn;

/** A configuration that cannot be written: a NUL in a string, too large. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

export function encodeContainer(config: ContainerConfig): Uint8Array {
  const out = new Writer();
  for (const { kind, path } of config.namespaces) out.record("NAMESPACE", [NAMESPACE[kind]], [path ?? ""]);
  const { root, overlay } = config;
  out.record("ROOT", [root.readOnly ? 1 : 0, propagation(root.propagation)], [root.path]);
  if (overlay)
    out.record("OVERLAY", [overlay.volatile ? 1 : 0], [overlay.upper ?? "", overlay.work ?? "", ...overlay.lower]);
  for (const mount of config.mounts ?? [])
    out.record(
      "MOUNT",
      [
        MOUNT_KIND[mount.kind],
        (mount.flags ?? []).reduce((bits, flag) => bits | MOUNT_FLAG[flag], 0),
        propagation(mount.propagation),
        mount.optional ? 1 : 0,
      ],
      [mount.source, mount.target, mount.type ?? "", mount.data ?? ""],
    );
  for (const node of config.devices ?? [])
    out.record(
      "DEVICE",
      [node.type.charCodeAt(0), node.major, node.minor, node.mode, node.uid ?? 0, node.gid ?? 0],
      [node.path],
    );
  for (const { target, path } of config.symlinks ?? []) out.record("SYMLINK", [], [target, path]);
  for (const path of config.maskedPaths ?? []) out.record("MASK", [], [path]);
  for (const path of config.readonlyPaths ?? []) out.record("READONLY", [], [path]);
  for (const [key, value] of Object.entries(config.sysctls ?? {})) out.record("SYSCTL", [], [key, value]);
  if (config.hostname !== undefined) out.record("HOSTNAME", [], [config.hostname]);
  if (config.domainname !== undefined) out.record("DOMAINNAME", [], [config.domainname]);
  if (config.log) out.record("LOG", [config.log.maxBytes ?? 0, config.log.maxFiles ?? 0], [config.log.path]);
  if (config.record !== undefined) out.record("RECORD", [], [config.record]);
  if (config.restart) out.record("RESTART", [RESTART[config.restart.name], config.restart.maxRetries ?? 0], []);
  if (config.stop)
    out.record("STOP", [config.stop.signal, config.stop.timeoutMs === "never" ? FOR_EVER : config.stop.timeoutMs], []);
  if (config.oom) out.record("OOM", [config.oom.version], [config.oom.folder]);
  for (const arg of config.atEnd?.args ?? []) out.record("END_ARG", [], [arg]);
  for (const variable of config.atEnd?.env ?? []) out.record("END_ENV", [], [variable]);
  writeProcess(
    out,
    config,
    (config.init ? OPTION.init : 0) |
      (config.loopback ? OPTION.loopback : 0) |
      (config.atEnd?.onlyAlone ? OPTION.endIfAlone : 0),
  );
  return out.end();
}

export function encodeExec(config: ExecConfig): Uint8Array {
  const out = new Writer();
  writeProcess(out, config, config.killWithClient ? OPTION.killWithClient : 0);
  return out.end();
}

function writeProcess(out: Writer, config: ProcessConfig, more: number): void {
  for (const arg of config.args) out.record("ARG", [], [arg]);
  for (const variable of config.env) out.record("ENV", [], [variable]);
  if (config.cwd !== undefined) out.record("CWD", [], [config.cwd]);
  if (config.user !== undefined) out.record("USER", [], [config.user]);
  for (const gid of config.groups ?? []) out.record("GROUP", [gid], []);
  const { bounding, effective, permitted, inheritable, ambient } = config.capabilities;
  out.record("CAPABILITIES", [bounding, effective, permitted, inheritable, ambient], []);
  if (config.seccomp) out.bytes("SECCOMP", [config.seccomp.flags ?? 0], config.seccomp.filter);
  for (const { resource, soft, hard } of config.rlimits ?? [])
    out.record("RLIMIT", [RLIMIT[resource], soft < 0 ? FOR_EVER : soft, hard < 0 ? FOR_EVER : hard], []);
  if (config.oomScoreAdj !== undefined) out.record("OOM_SCORE_ADJ", [config.oomScoreAdj], []);
  if (config.umask !== undefined) out.record("UMASK", [config.umask], []);
  for (const path of config.cgroups ?? []) out.record("CGROUP", [], [path]);
  for (const path of config.monitorCgroups ?? []) out.record("MONITOR_CGROUP", [], [path]);
  if (config.terminal) out.record("CONSOLE", [config.terminal.rows, config.terminal.columns], []);
  const options =
    more |
    (config.noNewPrivileges ? OPTION.noNewPrivileges : 0) |
    (config.terminal ? OPTION.terminal : 0) |
    (config.stdin ? OPTION.stdin : 0) |
    (config.stdinOnce ? OPTION.stdinOnce : 0);
  out.record("OPTIONS", [options], []);
}

const propagation = (name: Propagation | undefined): number => (name === undefined ? 0 : PROPAGATION[name]);

const text = new TextEncoder();

class Writer {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  #records = 0;

  record(name: RecordName, scalars: readonly (number | bigint)[], strings: readonly string[]): void {
    for (const string of strings)
      if (string.includes("\0")) throw new ConfigError(`${name}: a NUL in ${JSON.stringify(string)}`);
    const { strings: wanted } = RECORDS[name];
    if (typeof wanted === "number" ? strings.length !== wanted : strings.length < 3)
      throw new ConfigError(`${name}: ${strings.length} strings`);
    this.bytes(name, scalars, text.encode(strings.map((string) => `${string}\0`).join("")));
  }

  bytes(name: RecordName, scalars: readonly (number | bigint)[], rest: Uint8Array): void {
    const { tag, scalars: wanted } = RECORDS[name];
    if (scalars.length !== wanted) throw new ConfigError(`${name}: ${scalars.length} scalars`);
    const chunk = new Uint8Array(8 + 8 * wanted + rest.length);
    const view = new DataView(chunk.buffer);
    view.setUint16(0, tag, true);
    view.setUint32(4, chunk.length - 8, true);
    for (const [index, scalar] of scalars.entries()) view.setBigUint64(8 + 8 * index, BigInt(scalar), true);
    chunk.set(rest, 8 + 8 * wanted);
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    this.#records++;
  }

  end(): Uint8Array {
    if (this.#length + HEAD_BYTES > MAX_CONFIG_BYTES || this.#records > MAX_RECORDS)
      throw new ConfigError(
        `arguments, environment and mounts are too long: ${this.#records} records, ${this.#length} bytes`,
      );
    const out = new Uint8Array(HEAD_BYTES + this.#length);
    out.set(text.encode(MAGIC));
    new DataView(out.buffer).setUint32(8, this.#length, true);
    let at = HEAD_BYTES;
    for (const chunk of this.#chunks) {
      out.set(chunk, at);
      at += chunk.length;
    }
    return out;
  }
}

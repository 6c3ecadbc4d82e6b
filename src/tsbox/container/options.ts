import { parseCapability } from "../isolation/capabilities.ts";
import { parseName } from "../names/id.ts";
import { NETWORK_MODES } from "../network/default.ts";
import { many, single, toggle } from "../options/option.ts";
import { parseBind, parseTmpfs } from "../values/mount.ts";
import { parsePorts } from "../values/port.ts";
import { parseSignal } from "../values/signal.ts";
import { parseWhole } from "../values/size.ts";
import {
  oneOf,
  parseDevice,
  parseHostname,
  parseLabel,
  parseRestart,
  parseSysctl,
  parseText,
  parseUlimit,
  parseUser,
} from "../values/words.ts";

const TESTS = "netns-tests/tsbox";
const PROCESS = `${TESTS}/options-process.test.ts`;
const FILES = `${TESTS}/options-files.test.ts`;
const LIMITS = `${TESTS}/options-limits.test.ts`;
const RIGHTS = `${TESTS}/options-rights.test.ts`;
const NETWORK = `${TESTS}/options-network.test.ts`;
const LIFE = `${TESTS}/options-life.test.ts`;

/** As it was written; src/tsbox/isolation knows the names. */
function checkCapability(text: string): string {
  parseCapability(text);
  return text;
}

/** What `create` takes; `run` has --detach besides. Limits stay text here: src/tsbox/cgroup judges them together. */
export const CREATE_OPTIONS = {
  interactive: toggle({ long: "interactive", short: "i", help: "keep standard input open", proof: LIFE }),
  tty: toggle({ long: "tty", short: "t", help: "give it a terminal", proof: `${TESTS}/terminal.test.ts` }),
  rm: toggle({ long: "rm", help: "remove the container when it has ended", proof: LIFE }),
  name: single({ long: "name", metavar: "NAME", help: "its name; one is made up without", proof: LIFE }, parseName),
  hostname: single(
    { long: "hostname", short: "h", metavar: "NAME", help: "its host name; the short ID without", proof: PROCESS },
    parseHostname,
  ),
  user: single(
    { long: "user", short: "u", metavar: "USER[:GROUP]", help: "who it runs as, by name or number", proof: PROCESS },
    parseUser,
  ),
  env: many(
    {
      long: "env",
      short: "e",
      metavar: "NAME[=VALUE]",
      help: "set a variable, or pass on the caller's",
      proof: PROCESS,
    },
    parseText,
  ),
  envFile: many({ long: "env-file", metavar: "FILE", help: "read variables from a file", proof: PROCESS }, parseText),
  workdir: single(
    {
      long: "workdir",
      short: "w",
      metavar: "PATH",
      help: "the folder it starts in; made when missing",
      proof: PROCESS,
    },
    (text) => {
      if (!text.startsWith("/")) throw new Error("need an absolute path");
      return text;
    },
  ),
  entrypoint: single(
    { long: "entrypoint", metavar: "PROGRAM", help: "what is run, the command being its arguments", proof: PROCESS },
    (text) => text,
  ),
  init: toggle({ long: "init", help: "run an init in front, which reaps and passes signals on", proof: PROCESS }),
  readOnly: toggle({ long: "read-only", help: "let nothing be written to its root", proof: FILES }),
  tmpfs: many(
    { long: "tmpfs", metavar: "PATH[:OPTIONS]", help: "mount an empty folder of memory", proof: FILES },
    parseTmpfs,
  ),
  volume: many(
    { long: "volume", short: "v", metavar: "HOST:PATH[:ro]", help: "show it a folder or file", proof: FILES },
    parseBind,
  ),
  restart: single(
    { long: "restart", metavar: "POLICY", help: "no, always, unless-stopped or on-failure[:N]", proof: LIFE },
    parseRestart,
  ),
  stopSignal: single(
    { long: "stop-signal", metavar: "SIGNAL", help: "what stop sends; SIGTERM without", proof: LIFE },
    parseSignal,
  ),
  stopTimeout: single(
    { long: "stop-timeout", metavar: "SECONDS", help: "when stop kills; 10 without, -1 never", proof: LIFE },
    parseWhole(-1, 1_000_000),
  ),
  capAdd: many(
    { long: "cap-add", metavar: "CAPABILITY", help: "give it a capability, or ALL", proof: RIGHTS },
    checkCapability,
  ),
  capDrop: many(
    { long: "cap-drop", metavar: "CAPABILITY", help: "take a capability away, or ALL", proof: RIGHTS },
    checkCapability,
  ),
  privileged: toggle({ long: "privileged", help: "all capabilities, all devices, no filter", proof: RIGHTS }),
  securityOpt: many(
    {
      long: "security-opt",
      metavar: "OPTION",
      help: "no-new-privileges, seccomp=unconfined, seccomp=FILE, systempaths=unconfined",
      proof: RIGHTS,
    },
    parseText,
  ),
  ulimit: many(
    { long: "ulimit", metavar: "NAME=SOFT[:HARD]", help: "set a limit of its processes", proof: LIMITS },
    parseUlimit,
  ),
  device: many(
    { long: "device", metavar: "HOST[:PATH][:rwm]", help: "give it a device of the host", proof: RIGHTS },
    parseDevice,
  ),
  sysctl: many(
    { long: "sysctl", metavar: "NAME=VALUE", help: "set a kernel parameter of its namespaces", proof: LIMITS },
    parseSysctl,
  ),
  label: many(
    { long: "label", short: "l", metavar: "KEY[=VALUE]", help: "note something down", proof: LIFE },
    parseLabel,
  ),
  network: single(
    { long: "network", metavar: "bridge|none|host", help: "its network; bridge without", proof: NETWORK },
    oneOf(...NETWORK_MODES),
  ),
  publish: many(
    {
      long: "publish",
      short: "p",
      metavar: "[[IP:]HOSTPORT:]PORT[/PROTOCOL]",
      help: "publish a port on the host",
      proof: NETWORK,
    },
    parsePorts,
  ),
  memory: single({ long: "memory", short: "m", metavar: "SIZE", help: "the most memory", proof: LIMITS }, parseText),
  memorySwap: single(
    { long: "memory-swap", metavar: "SIZE", help: "the most memory and swap; -1 is any", proof: LIMITS },
    parseText,
  ),
  memoryReservation: single(
    { long: "memory-reservation", metavar: "SIZE", help: "what it keeps when memory is short", proof: LIMITS },
    parseText,
  ),
  cpus: single(
    { long: "cpus", metavar: "NUMBER", help: "the most processor time, in processors", proof: LIMITS },
    parseText,
  ),
  cpuShares: single(
    { long: "cpu-shares", short: "c", metavar: "NUMBER", help: "its weight; 1024 is usual", proof: LIMITS },
    parseText,
  ),
  cpuQuota: single(
    { long: "cpu-quota", metavar: "MICROSECONDS", help: "processor time in each period", proof: LIMITS },
    parseText,
  ),
  cpuPeriod: single(
    { long: "cpu-period", metavar: "MICROSECONDS", help: "length of a period", proof: LIMITS },
    parseText,
  ),
  cpusetCpus: single(
    { long: "cpuset-cpus", metavar: "LIST", help: "the processors it may use: 0-1,3", proof: LIMITS },
    parseText,
  ),
  pidsLimit: single(
    { long: "pids-limit", metavar: "NUMBER", help: "the most processes and threads", proof: LIMITS },
    parseText,
  ),
};

export const RUN_OPTIONS = {
  detach: toggle({ long: "detach", short: "d", help: "leave it running and print its ID", proof: LIFE }),
  ...CREATE_OPTIONS,
};

import type { Command } from "commander";
import type { Surroundings } from "./surroundings.ts";

type Loader = (s: Surroundings) => Promise<Command>;

/** The topics of `src/tsnet/list`, each a word with `ls` below it. */
const topic =
  (load: () => Promise<Parameters<typeof import("./list/word.ts")["topicCommand"]>[1]>): Loader =>
  async (s) =>
    (await import("./list/word.ts")).topicCommand(s, await load());

/**
 * The words of the command line in the order of its help. Each is loaded when it is called, so that none waits for the others;
 * only help and a word that is none of them load all.
 */
export const WORDS: Readonly<Record<string, Loader>> = {
  ns: async (s) => (await import("./ns/index.ts")).nsCommand(s),
  graph: async (s) => (await import("./graph/index.ts")).graphCommand(s),
  link: topic(async () => (await import("./list/topics.ts")).linkTopic),
  addr: topic(async () => (await import("./list/topics.ts")).addrTopic),
  route: topic(async () => (await import("./list/topics.ts")).routeTopic),
  neigh: topic(async () => (await import("./list/topics.ts")).neighTopic),
  fdb: topic(async () => (await import("./list/topics.ts")).fdbTopic),
  rule: topic(async () => (await import("./list/topics.ts")).ruleTopic),
  nft: topic(async () => (await import("./list/nft.ts")).nftTopic),
  qdisc: topic(async () => (await import("./list/qdisc.ts")).qdiscTopic),
  sockets: topic(async () => (await import("./list/sockets.ts")).socketsTopic),
  doctor: async (s) => (await import("./doctor/index.ts")).doctorCommand(s),
  cni: async (s) => (await import("./cni/index.ts")).cniCommand(s),
  ipam: async (s) => (await import("./ipam/index.ts")).ipamCommand(s),
  ports: async (s) => (await import("./ports/index.ts")).portsCommand(s),
  repair: async (s) => (await import("./repair/index.ts")).repairCommand(s),
  gc: async (s) => (await import("./gc/index.ts")).gcCommand(s),
  overlay: async (s) => (await import("./overlay/index.ts")).overlayCommand(s),
  install: async (s) => (await import("./install/index.ts")).installCommand(s),
  uninstall: async (s) => (await import("./install/index.ts")).uninstallCommand(s),
  completion: async (s) => (await import("./completion/index.ts")).completionCommand(s),
};

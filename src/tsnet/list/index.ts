import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { nftTopic } from "./nft.ts";
import { qdiscTopic } from "./qdisc.ts";
import { socketsTopic } from "./sockets.ts";
import { addrTopic, fdbTopic, linkTopic, neighTopic, routeTopic, ruleTopic } from "./topics.ts";
import { topicCommand } from "./word.ts";

/** `tsnet link ls` and its like: one kind of thing of one namespace, or of all. */
export const listCommands = (s: Surroundings): Command[] => [
  topicCommand(s, linkTopic),
  topicCommand(s, addrTopic),
  topicCommand(s, routeTopic),
  topicCommand(s, neighTopic),
  topicCommand(s, fdbTopic),
  topicCommand(s, ruleTopic),
  topicCommand(s, nftTopic),
  topicCommand(s, qdiscTopic),
  topicCommand(s, socketsTopic),
];

import type { LinkNames } from "../forms/names.ts";
import { rulesetForm } from "../forms/nft/ruleset.ts";
import { rulesetText } from "../forms/nft/text.ts";
import type { Snapshot } from "../look/index.ts";
import type { Topic } from "./topic.ts";

export const nftTopic: Topic = {
  name: "nft",
  description: "nftables rule set of a namespace; rules of iptables-nft are among them",
  examples: ["tsnet nft ls", "tsnet nft ls -n blue --json"],
  parts: ["nft"],
  form: "as nft -j list ruleset",
  json: ({ snapshot, nameOf }) => nftForm(snapshot, nameOf),
  text: ({ snapshot, nameOf }) => rulesetText(nftForm(snapshot, nameOf).nftables),
};

export const nftForm = ({ nft }: Snapshot, nameOf: LinkNames) =>
  rulesetForm(nft ?? { generation: 0, tables: [], torn: false }, { linkName: nameOf });

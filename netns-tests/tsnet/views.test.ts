import { expect } from "bun:test";
import { makeNetns } from "../support/netns.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import { buildNetwork, Dice, iptablesRules, loadRuleset, randomRuleset } from "./topology.ts";
import { bothWays, VIEWS } from "./witness.ts";

const SOAK = process.env["TSNET_SOAK"] === "1";
const ROUNDS = SOAK ? 200 : 3;
/** A round that failed is run again alone with TSNET_SEED. */
const FIRST = Number(process.env["TSNET_SEED"] ?? (SOAK ? Date.now() % 1_000_000 : 1));

const lacks = [lacksRoot, lacksCommand("ip", "bridge", "tc", "nft")];

for (let round = 0; round < (process.env["TSNET_SEED"] ? 1 : ROUNDS); round++) {
  const seed = FIRST + round;
  testUnless(lacks, `a random namespace is listed as ip, bridge, tc and nft list it (TSNET_SEED=${seed})`, async () => {
    const dice = new Dice(seed);
    await using place = await makeNetns({ loopbackUp: dice.chance(80) });
    await using other = await makeNetns();
    await buildNetwork(dice, place, other);
    await loadRuleset(place, randomRuleset(dice));
    for (const view of VIEWS)
      for (const each of [place, other]) {
        const { theirs, ours } = await bothWays(view, each);
        expect({ view: view.name, shown: ours }).toEqual({ view: view.name, shown: theirs });
      }
  });
}

testUnless(
  [...lacks, lacksCommand("iptables-nft")],
  "rules of iptables-nft are listed as nft lists them, matches of xtables by name",
  async () => {
    await using place = await makeNetns();
    await iptablesRules(place);
    for (const view of VIEWS.filter(({ name }) => name === "nft")) {
      const { theirs, ours } = await bothWays(view, place);
      expect(ours).toEqual(theirs);
      expect(JSON.stringify(ours)).toContain('"xt":{"type":"match","name":"multiport"}');
    }
  },
);

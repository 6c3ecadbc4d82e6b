import { expect } from "bun:test";
import { tsnet } from "../../src/tsnet/testing/surroundings.ts";
import { makeNetns } from "../support/netns.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import { bothWays, VIEWS } from "./witness.ts";

/** Kinds of links, and VLANs of bridges, that the kernel of the development machine has not. */
const LINKS = [
  "link add low type dummy",
  "link set low up",
  "link add link low name low.5 type vlan id 5",
  "link add link low name low.6 type vlan protocol 802.1ad id 6 reorder_hdr off",
  "link add link low name ip0 type ipvlan mode l2",
  "link add link low name ip1 type ipvlan mode l2 private",
  "link add red type vrf table 77",
  "link set red up",
  "link add ve0 type veth peer name ve1",
  "link set ve0 master red",
  "link add br0 type bridge vlan_filtering 1 vlan_default_pvid 1",
  "link add po0 type veth peer name po1",
  "link set po0 master br0",
  "link set br0 up",
  "link set po0 up",
  "link set po1 up",
  "addr add 10.0.0.1/24 dev br0",
];

testUnless(
  [lacksRoot, lacksCommand("ip", "bridge", "nft")],
  "kinds of links and VLANs are listed as ip and bridge list them",
  async () => {
    await using place = await makeNetns();
    for (const line of LINKS) await place.exec("ip", ...line.split(" "));
    await place.exec("bridge", "vlan", "add", "dev", "po0", "vid", "7", "pvid", "untagged");
    await place.exec("bridge", "vlan", "add", "dev", "po0", "vid", "20-22");
    await place.exec("bridge", "fdb", "add", "02:00:00:00:00:06", "dev", "po0", "master", "static", "vlan", "7");
    for (const view of VIEWS.filter(({ name }) => ["link", "fdb"].includes(name))) {
      const { theirs, ours } = await bothWays(view, place);
      expect({ view: view.name, shown: ours }).toEqual({ view: view.name, shown: theirs });
    }
    const { out } = await tsnet(["ns", "inspect", place.name, "--json"]);
    const { vlans } = JSON.parse(out) as { vlans: unknown };
    expect(vlans).toEqual(JSON.parse(await place.exec("bridge", "-j", "vlan")));
  },
);

/** What holds for every schema, over values drawn from it: see ../wire/testing/properties.ts. */
import fc from "fast-check";
import { checkSchemaProperties } from "../wire/testing/properties.ts";
import { newAddr } from "./addr.ts";
import { newBridgeLink } from "./bridge-vlan.ts";
import { newLink } from "./link.ts";
import { newNeigh } from "./neigh.ts";
import { newNsid } from "./netns-id.ts";
import { multipath, via } from "./nexthop.ts";
import { newRoute } from "./route.ts";
import { newRule } from "./rule.ts";

/** A schema's own attributes of a kind that only this folder's codecs have. */
const customs = new Map<unknown, fc.Arbitrary<unknown>>();
const gateway = fc.constantFrom("10.0.0.1", "fd00::1", "::");
customs.set(
  via,
  fc.oneof(
    fc.constant({ family: 2, address: "10.0.0.1" }),
    fc.constant({ family: 10, address: "fd00::1" }),
    fc.record({ family: fc.integer({ min: 11, max: 0xffff }), address: fc.uint8Array({ maxLength: 9 }) }),
  ),
);
customs.set(
  multipath,
  fc.array(
    fc.record({
      flags: fc.nat({ max: 255 }),
      hops: fc.nat({ max: 255 }),
      index: fc.nat({ max: 0xffff_ffff }),
      attrs: fc.record({ gateway, flow: fc.nat() }, { requiredKeys: [] }),
    }),
    { maxLength: 3 },
  ),
);
const bridgeSpec: unknown = newBridgeLink.attrs.shape.fields["afSpec"]?.[1];
customs.set(
  bridgeSpec,
  fc.array(
    fc.oneof(
      fc.record({ flags: fc.nat({ max: 0xffff }) }),
      fc.record({ vlan: fc.record({ flags: fc.nat({ max: 0xffff }), vid: fc.nat({ max: 4095 }) }) }),
    ),
    { maxLength: 4 },
  ),
);

// The other messages of a concept (del, get, set) have the same header and attributes.
for (const message of [newAddr, newBridgeLink, newLink, newNeigh, newNsid, newRoute, newRule])
  checkSchemaProperties(message, { custom: (codec) => customs.get(codec) });

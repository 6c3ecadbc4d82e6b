/** What holds for every schema, over values drawn from it: see ../wire/testing/properties.ts. */
import fc from "fast-check";
import { checkSchemaProperties } from "../wire/testing/properties.ts";
import { newClass } from "./class.ts";
import { newFilter } from "./filter.ts";
import { newQdisc } from "./qdisc.ts";
import { selector } from "./u32.ts";

const key = fc.record({
  mask: fc.nat({ max: 0xffff_ffff }),
  value: fc.nat({ max: 0xffff_ffff }),
  off: fc.integer({ min: -64, max: 64 }),
  offMask: fc.nat(),
});
const selectors = fc.record({
  flags: fc.nat({ max: 15 }),
  offShift: fc.nat({ max: 255 }),
  offMask: fc.nat({ max: 0xffff }),
  off: fc.nat({ max: 0xffff }),
  offOff: fc.integer({ min: -99, max: 99 }),
  hashOff: fc.integer({ min: -99, max: 99 }),
  hashMask: fc.nat({ max: 0xffff_ffff }),
  keys: fc.array(key, { maxLength: 4 }),
});

for (const message of [newClass, newFilter, newQdisc])
  checkSchemaProperties(message, { custom: (codec) => (codec === selector ? selectors : undefined) });

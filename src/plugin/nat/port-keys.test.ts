import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseIp } from "../../ip/index.ts";
import { conflicts, portIndex } from "./port-keys.ts";

const port = fc.record({
  family: fc.constantFrom(4 as const, 6 as const),
  protocol: fc.constantFrom("tcp" as const, "udp" as const),
  hostPort: fc.integer({ min: 1, max: 4 }),
  hostAddress: fc.constantFrom(undefined, parseIp("10.0.0.1"), parseIp("10.0.0.2")),
});

test("an index of ports knows the conflicts that comparing with each finds", () => {
  fc.assert(
    fc.property(fc.array(port), port, port, (ports, later, asked) => {
      const index = portIndex(ports);
      expect(index.hasConflict(asked)).toBe(ports.some((p) => conflicts(p, asked)));
      index.add(later);
      expect(index.hasConflict(asked)).toBe([...ports, later].some((p) => conflicts(p, asked)));
    }),
  );
});

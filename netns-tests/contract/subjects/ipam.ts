import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { lease } from "../makes.ts";
import type { Subject } from "../subject.ts";
import { gateway4, gateway6, subnet4, subnet6 } from "../witness.ts";
import { hostLocal as ranges } from "./bridge.ts";

/** The IPAM plugins as executables of their own. They enter no namespace, so there is no traffic to judge by. */
export const hostLocal: Subject = {
  name: "host-local",
  type: "host-local",
  families: [4, 6],
  plugins: (at) => [{ type: "host-local", ipam: ranges(at, [4, 6], true) }],
  stays: [],
  reset: ({ dataDir }) => `rm -rf ${dataDir}`,
  makes: [lease(4), lease(6)],
  async works(one, two) {
    for (const { network, addresses, at } of [one, two]) {
      expect(addresses.length).toBe(2);
      for (const address of addresses)
        expect(readFileSync(`${network.place.dataDir}/${network.place.name}/${address}`, "utf8")).toBe(
          `${at.containerId}\r\neth0`,
        );
    }
    expect(two.addresses).not.toEqual(one.addresses);
  },
};

export const staticAddresses: Subject = {
  name: "static",
  type: "static",
  families: [4, 6],
  plugins: ({ index }) => [
    {
      type: "static",
      ipam: {
        type: "static",
        addresses: [
          { address: subnet4(index).replace(".0/24", ".9/24"), gateway: gateway4(index) },
          { address: subnet6(index).replace("::/64", "::9/64"), gateway: gateway6(index) },
        ],
      },
    },
  ],
  stays: [],
  reset: () => "true",
  makes: [],
  async works(one) {
    expect(one.addresses).toEqual(["10.88.1.9", "fd88:1::9"]);
    expect(existsSync(one.network.place.dataDir)).toBe(false);
  },
};

import { hasOurs } from "../support/plugin-dirs.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";

/** The long forms: `npm run soak`. */
export const SOAK: boolean = process.env["TSNET_SOAK"] === "1";

/** What every test of this suite needs. */
const LACKS = [
  lacksRoot,
  hasOurs ? undefined : "the plugins are not built (npm run build)",
  lacksCommand("ip", "bridge", "nft", "nsenter", "gcc"),
];

/** A test on our own plugins in namespaces of its own. */
export function contractTest(name: string, body: () => Promise<void>, timeoutMs = SOAK ? 3_600_000 : 60_000): void {
  testUnless(LACKS, name, body, timeoutMs);
}

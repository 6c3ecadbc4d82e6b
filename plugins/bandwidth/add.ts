import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { AttachmentRequest, CniResult } from "../../src/cni/types.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { transaction } from "../../src/plugin/steps.ts";
import type { BandwidthConf } from "./config.ts";
import { addIfb } from "./ifb.ts";
import { addLimit } from "./limit.ts";
import { type Place, placeOf } from "./place.ts";
import { addRedirect } from "./redirect.ts";

/** ADD: limits what goes to the container and what comes from it. The result is the previous plugin's, and the IFB. */
export function add(req: AttachmentRequest<BandwidthConf>, { host, note }: PluginContext): Promise<CniResult> {
  const { conf } = req;
  const previous = requirePrevResult(req);
  if (!conf.ingress && !conf.egress) return Promise.resolve(previous);
  return transaction(async (tx) => {
    const sandbox = await tx.hold("open sandbox", () => host.enter(req.netns));
    const place = await tx.step("find what to limit", () => placeOf(req, host, sandbox));
    const { kernel, link, leaving, arriving } = place;
    for (const text of remarks(place)) note(text);
    // First what bears our mark, and what leads to it: by these GC finds the rest, should we be killed.
    const ifb = arriving && (await addIfb(tx, kernel, attachmentOf(req), link));
    if (ifb) await addRedirect(tx, kernel, link, ifb);
    if (leaving) await addLimit(tx, kernel, link, leaving, `what leaves ${link.name}`);
    if (!ifb) return previous;
    await addLimit(tx, kernel, ifb, arriving, `what arrives at ${link.name}`);
    const { name, mac, mtu } = ifb;
    return { ...previous, interfaces: [...(previous.interfaces ?? []), { name, mac, mtu, sandbox: place.sandbox }] };
  });
}

export function requirePrevResult({ conf }: AttachmentRequest<BandwidthConf>): CniResult {
  if (conf.prevResult) return conf.prevResult;
  throw new CniError(
    CNI_CODE.INVALID_NETWORK_CONFIG,
    "bandwidth must come after another plugin in the list",
    "there is no prevResult, which says what the container's interface is",
  );
}

/** Ethernet's header, which counts as well (ETH_HLEN, linux/if_ether.h). */
const HEADER_BYTES = 14;

function* remarks({ link, leaving, arriving }: Place): Generator<string> {
  for (const limit of [leaving, arriving])
    if (limit && limit.burstBytes < link.mtu + HEADER_BYTES)
      yield `a burst of ${limit.burstBytes} bytes is less than one packet of "${link.name}" (MTU ${link.mtu}): larger packets never pass`;
}

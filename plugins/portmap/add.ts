import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { AttachmentRequest, CniResult } from "../../src/cni/types.ts";
import type { Link } from "../../src/kernel/link.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { hostEnd, isLoopback } from "../../src/plugin/nat/port-keys.ts";
import { type Publication, publish } from "../../src/plugin/nat/publish.ts";
import { unpublish } from "../../src/plugin/nat/unpublish.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { transaction } from "../../src/plugin/steps.ts";
import type { PortmapConf } from "./config.ts";
import { forgetEarlierFlows } from "./flows.ts";
import { ensureHairpin, ensureRouteLocalnet, linkFinder, removeHairpin } from "./host-side.ts";
import { containerAddresses, publicationsOf } from "./publications.ts";

/** ADD: the host's ports lead to the container's. The result is the previous plugin's. */
export function add(req: AttachmentRequest<PortmapConf>, { host, note }: PluginContext): Promise<CniResult> {
  const { conf } = req;
  const previous = requirePrevResult(req);
  return transaction(async (tx) => {
    const publications = publicationsOf(req, containerAddresses(previous, req.ifName));
    if (publications.length === 0) {
      if (conf.mappings?.length)
        note(`"${req.ifName}" has no address of a family that its port mappings name; nothing is published`);
      return previous;
    }
    for (const text of remarks(conf, publications)) note(text);

    const attachment = attachmentOf(req);
    await tx.step(
      "publish ports",
      () => publish(host, attachment, publications),
      async () => void (await unpublish(host, attachment, publications)),
    );
    await tx.step("forget earlier flows", () => forgetEarlierFlows(host, publications));
    const findLink = linkFinder(host);
    if (conf.snat) {
      const changed: Link[] = [];
      await tx.step(
        "hairpin on the bridge port",
        () => ensureHairpin(host, findLink, req, changed),
        () => removeHairpin(host, changed),
      );
    }
    // Last, for others use it as well: it is not taken back. The rules that keep neighbours off the loopback stand.
    await tx.step("let loopback through", () => ensureRouteLocalnet(host, findLink, publications));
    return previous;
  });
}

export function requirePrevResult({ conf }: AttachmentRequest<PortmapConf>): CniResult {
  if (conf.prevResult) return conf.prevResult;
  throw new CniError(
    CNI_CODE.INVALID_NETWORK_CONFIG,
    "portmap must come after another plugin in the list",
    "there is no prevResult, which says where the container's addresses are",
  );
}

function* remarks(conf: PortmapConf, publications: readonly Publication[]): Generator<string> {
  if (conf.ignored.length > 0)
    yield `${conf.ignored.map((key) => `"${key}"`).join(", ")}: not needed here, tsnet masquerades by nf_tables without marks`;
  for (const p of publications)
    if (p.family === 6 && p.hostAddress && isLoopback(p.hostAddress))
      yield `host port ${hostEnd(p)} cannot be reached: the kernel routes no packets from ::1 to a container; publish on another address`;
}

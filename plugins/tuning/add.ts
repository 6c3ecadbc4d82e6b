import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { AttachmentRequest, CniInterface, CniResult } from "../../src/cni/types.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { absolute } from "../../src/plugin/absolute.ts";
import { attachmentOf } from "../../src/plugin/attachment.ts";
import { ownerOf } from "../../src/plugin/owner.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { transaction } from "../../src/plugin/steps.ts";
import { readAllowList, requireAllowed } from "./allow-list.ts";
import { type LinkSettings, type TuningConf, wantedSettings } from "./config.ts";
import type { Files } from "./files.ts";
import { applySetting, LABEL, requireFittingMtu, SETTING_NAMES, settingsBefore } from "./link-settings.ts";
import { type Before, takeBackRecord, type Written, writeRecord } from "./record.ts";
import { type Present, readSysctls, writeSysctl } from "./sysctl.ts";

/** ADD: sets kernel parameters of the container and properties of its interface. Writes down first what they were. */
export function add(req: AttachmentRequest<TuningConf>, ctx: PluginContext, files: Files): Promise<CniResult> {
  const { conf, ifName } = req;
  const previous = requirePrevResult(req);
  const wanted = wantedSettings(req);
  if (conf.sysctls.length > 0) requireAllowed(readAllowList(files), conf.sysctls);
  else if (Object.keys(wanted).length === 0) return Promise.resolve(previous);
  const folder = absolute(conf.dataDir, ctx, "dataDir");
  return transaction(async (tx) => {
    const sandbox = await tx.hold("open sandbox", () => ctx.host.enter(req.netns));
    const link = await tx.step("find the interface", () => linkNamed(sandbox, ifName));
    requireFittingMtu(link, wanted);
    const sysctls = await tx.step("read sysctls", () => readSysctls(sandbox, conf.sysctls, ifName));

    const before = settingsBefore(link, wanted);
    const record = recordOf(req, sandbox, link, before, sysctls);
    const written: Written = await tx.step(
      "write down what was",
      async () => writeRecord(files, folder, attachmentOf(req), (earlier) => merged(record, earlier)),
      async () => takeBackRecord(files, written),
    );

    for (const sysctl of sysctls)
      await tx.step(
        `set sysctl ${sysctl.key}`,
        () => writeSysctl(sandbox, sysctl, sysctl.value),
        async () => {
          if (sysctl.was !== undefined) await sandbox.sysctl.set(sysctl.at, sysctl.was);
        },
      );
    for (const name of SETTING_NAMES)
      if (wanted[name] !== undefined)
        await tx.step(
          `set ${LABEL[name]}`,
          () => applySetting(sandbox, link, name, wanted),
          () => applySetting(sandbox, link, name, before),
        );
    return withSettings(previous, ifName, wanted);
  });
}

export function requirePrevResult({ conf }: AttachmentRequest<TuningConf>): CniResult {
  if (conf.prevResult) return conf.prevResult;
  throw new CniError(
    CNI_CODE.INVALID_NETWORK_CONFIG,
    "tuning must come after another plugin in the list",
    "there is no prevResult, which says what the container's interface is",
  );
}

async function linkNamed(sandbox: Kernel, ifName: string): Promise<Link> {
  const link = await sandbox.link.get(ifName);
  if (link) return link;
  throw new CniError(
    CNI_CODE.OPERATION_FAILED,
    `the container has no interface "${ifName}" to tune`,
    "tuning comes after the plugin that makes it",
  );
}

function recordOf(
  req: AttachmentRequest<TuningConf>,
  sandbox: Kernel,
  link: Link,
  settings: LinkSettings,
  sysctls: readonly Present[],
): Before {
  return {
    settings,
    ours: {
      owner: ownerOf(attachmentOf(req)),
      netns: req.netns,
      identity: sandbox.identity,
      link: link.index,
      sysctls: sysctls.flatMap(({ at, was }) => (was === undefined ? [] : [[at, was] as const])),
    },
  };
}

/**
 * What an earlier ADD of this attachment found counts, for it is what DEL is to put back; but not what one found in another
 * namespace, of a container that is gone.
 */
function merged(now: Before, earlier: Before | undefined): Before {
  const [a, b] = [earlier?.ours, now.ours];
  if (!earlier || !a || !b || a.owner.attachment !== b.owner.attachment) return now;
  if (a.identity !== b.identity || a.link !== b.link) return now;
  return {
    settings: { ...now.settings, ...earlier.settings },
    ours: { ...b, sysctls: [...new Map([...b.sysctls, ...a.sysctls])] },
  };
}

/** The previous result with what has changed in it. */
function withSettings(result: CniResult, ifName: string, { mac, mtu }: LinkSettings): CniResult {
  const tuned = (i: CniInterface): CniInterface => ({
    ...i,
    ...(mac !== undefined && { mac }),
    ...(mtu !== undefined && i.mtu !== undefined && { mtu }),
  });
  const { interfaces } = result;
  if (!interfaces) return result;
  return { ...result, interfaces: interfaces.map((i) => (i.name === ifName && i.sandbox ? tuned(i) : i)) };
}

import type { AttachmentRequest } from "../../src/cni/types.ts";
import { checkFailed } from "../../src/plugin/check.ts";
import { errnoCode } from "../../src/plugin/errors.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { type TuningConf, wantedSettings } from "./config.ts";
import { LABEL, SETTING_NAMES, settingsOf } from "./link-settings.ts";
import { sameValue, sysctlPath } from "./sysctl.ts";

/** CHECK: every parameter and property has the value that the config names, however it is written. */
export async function check(req: AttachmentRequest<TuningConf>, { host }: PluginContext): Promise<void> {
  const { conf, ifName } = req;
  const wanted = wantedSettings(req);
  await using sandbox = await host.enter(req.netns);
  for (const sysctl of conf.sysctls) {
    const now = await sandbox.sysctl.get(sysctlPath(sysctl, ifName)).catch((error: unknown) => {
      const code = errnoCode(error);
      if (code === "ENOENT") throw checkFailed(`sysctl "${sysctl.key}" is not there any more`);
      // It can only be written.
      if (code === "EACCES" || code === "EPERM") return sysctl.value;
      throw error;
    });
    if (!sameValue(now, sysctl.value))
      throw checkFailed(`sysctl "${sysctl.key}" is ${JSON.stringify(now)}, not ${JSON.stringify(sysctl.value)}`);
  }
  const link = await sandbox.link.get(ifName);
  if (!link) throw checkFailed(`container: link "${ifName}" is missing`);
  const now = settingsOf(link);
  for (const name of SETTING_NAMES)
    if (wanted[name] !== undefined && wanted[name] !== now[name])
      throw checkFailed(`${LABEL[name]} of "${ifName}" is ${shown(now[name])}, not ${shown(wanted[name])}`);
}

const shown = (value: string | number | boolean | undefined): string =>
  typeof value === "boolean" ? (value ? "on" : "off") : String(value);

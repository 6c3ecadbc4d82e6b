import { CNI_CODE } from "../../src/cni/errors.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { errnoCode, toCniError } from "../../src/plugin/errors.ts";
import { applySetting, LABEL, type SettingName } from "./link-settings.ts";
import type { Before } from "./record.ts";

/** The reference's order of putting back: the MTU first. */
const ORDER: readonly SettingName[] = ["mtu", "mac", "promisc", "allmulti", "txQLen"];

/** What is gone needs nothing put back. */
const GONE: ReadonlySet<string | undefined> = new Set(["ENODEV", "ENOENT"]);

/**
 * Puts an interface's properties back, then the kernel parameters in the reverse order of their setting. What passes by
 * itself (EBUSY, …) is thrown, for the runtime to try again; for what never will, a note must do: it would keep a container
 * from being removed for ever.
 */
export async function restore(
  sandbox: Kernel,
  link: Link | undefined,
  { settings, ours }: Before,
  note: (message: string) => void,
): Promise<void> {
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      const known = toCniError(error);
      if (!known || known.code === CNI_CODE.TRY_AGAIN_LATER) throw error;
      if (!GONE.has(errnoCode(error))) note(`cannot put back ${what}: ${known.message}`);
    }
  };
  if (link)
    for (const name of ORDER)
      if (settings[name] !== undefined)
        await attempt(`${LABEL[name]} of "${link.name}"`, () => applySetting(sandbox, link, name, settings));
  for (const [at, was] of [...(ours?.sysctls ?? [])].reverse())
    await attempt(`/proc/sys/${at}`, () => sandbox.sysctl.set(at, was));
}

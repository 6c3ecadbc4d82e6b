import type { Kernel } from "../../src/kernel/kernel.ts";
import { comment } from "../../src/netlink/nft/index.ts";
import { type Entry, insertion, readSlots, removal } from "../../src/plugin/nat/records.ts";
import { ensureShared } from "../../src/plugin/nat/shared.ts";
import { MAX_COMMENT, ownerMark, ownerOf } from "../../src/plugin/owner.ts";
import { isolate, isolationStands } from "./bridged.ts";
import { type Member, profilesOf } from "./member.ts";
import { obstacles, refuseObstacles } from "./obstacles.ts";
import { chainsAtForward, missingPassages, surplusPassages } from "./passage.ts";
import { policiesStand, sharedByPolicy } from "./policies.ts";
import { hasPreviousForm, inPresentForm } from "./previous-form.ts";
import { profileCounter } from "./profile.ts";
import { missingCounters, profilesAfter, removalOfCounters, standingProfiles } from "./standing.ts";
import { addressSlot, passPart } from "./table.ts";

/**
 * ADD: one element for each address leads to what it may, and other programs let it pass. One batch: all or nothing. All
 * that is read by name or key is read in one exchange.
 * @returns whether the attachment had such elements before
 */
export async function admit(host: Kernel, member: Member): Promise<boolean> {
  const { attachment, addresses, mark, port } = member;
  const profiles = profilesOf(member);
  const userdata = comment(ownerMark(attachment, MAX_COMMENT));
  const { attachment: hash } = ownerOf(attachment);
  const slots = addresses.map((address) => addressSlot(address, mark));
  const { wasThere } = await inPresentForm(host.nft, async (view) => {
    const [part, counters, found, ...stand] = await Promise.all([
      ensureShared(view, passPart(mark)),
      missingCounters(view, profiles),
      readSlots(view, slots),
      policiesStand(view, profiles),
      isolationStands(view, profiles),
    ]);
    if (part.length > 0 && (await hasPreviousForm(view))) return undefined;
    const hooked = await chainsAtForward(view, profiles);
    refuseObstacles(await obstacles(host, view, member, hooked));
    // An address belongs to whom IPAM gave it; a record of an earlier holder is stale.
    const stale = found.filter((record) => record !== undefined);
    const entries = addresses.map(
      ({ ip }, i): Entry => ({
        ...(slots[i] as Entry),
        element: { objref: profileCounter(member.profiles[ip.family]).name, userdata },
      }),
    );
    const changes = [...part, ...counters, ...removal(stale), ...insertion(entries)];
    const own = profiles.map((profile) => profileCounter(profile).name);
    const unused = (await profilesAfter(view, stale)).filter(({ name, uses }) => uses <= 0 && !own.includes(name));
    changes.push(...removalOfCounters(unused));
    if (unused.length > 0 || stand.includes(false)) {
      const names = unused.map(({ name }) => name);
      const staying = (await standingProfiles(view)).filter(({ name }) => !names.includes(name));
      const all = [...staying.map(({ profile }) => profile), ...profiles];
      changes.push(...(await sharedByPolicy(view, all)));
      if (unused.length > 0) changes.push(...(await surplusPassages(view, all)));
    }
    if (port !== undefined) changes.push(...(await isolate(view, attachment, port)));
    changes.push(...(await missingPassages(view, profiles, hooked)).changes);
    return { changes, result: { wasThere: stale.some(({ owner }) => owner?.attachment === hash) } };
  });
  return wasThere;
}

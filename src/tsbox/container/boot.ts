import { Failure } from "../failure.ts";
import { namesOf, readText } from "../store/files.ts";
import { activeIn } from "../store/places.ts";
import type { Surroundings } from "../surroundings.ts";
import { bootId } from "./state.ts";

/** Each folder says which other one it belongs to, and since which boot: `BOOT-ID PATH`. */
const runNote = ({ places }: Surroundings): string => `${places.run}/boot`;
const dataNote = ({ places }: Surroundings): string => `${places.data}/run-folder`;

/** What a note says of this boot; `undefined` when there is none. */
function noted(s: Surroundings, path: string): string | undefined {
  const [boot, ...other] = (readText(s.native, path, 8192) ?? "").trim().split(" ");
  return boot === bootId(s) ? other.join(" ") : undefined;
}

function note(s: Surroundings, path: string, other: string): void {
  s.native.replaceFile(path, new TextEncoder().encode(`${bootId(s)} ${other}\n`), 0o600);
}

/**
 * Refuses a run folder that is another data folder's, or a data folder whose containers run with another one: what of them
 * is alive could not be seen, and they would be started a second time.
 */
export function checkFolders(s: Surroundings): void {
  const { data, run } = s.places;
  const owner = noted(s, runNote(s));
  if (owner !== undefined && owner !== "" && owner !== data)
    throw new Failure(
      `the run folder ${run} belongs to the containers of TSBOX_DATA=${owner}, not to those of ${data}`,
      "leave TSBOX_RUN away, or name another folder: each data folder has one of its own",
    );
  const used = noted(s, dataNote(s));
  if (used !== undefined && used !== run && namesOf(s.native, activeIn(s.places)).length > 0)
    throw new Failure(
      `containers of ${data} run with TSBOX_RUN=${used}, not with ${run}`,
      `use that one; or stop them first: TSBOX_RUN=${used} tsbox stop …`,
    );
}

export const isFirstOfBoot = (s: Surroundings): boolean => noted(s, runNote(s)) === undefined;

export function noteBoot(s: Surroundings): void {
  s.native.makeDirs(s.places.run, 0o711);
  note(s, runNote(s), s.places.data);
}

/** To be done before the first container runs with this run folder. */
export function noteRunFolder(s: Surroundings): void {
  if (noted(s, dataNote(s)) !== s.places.run) note(s, dataNote(s), s.places.run);
}

import type { Kernel } from "../../kernel/kernel.ts";
import { cacheFolders } from "../caches.ts";
import { type Census, takeCensus } from "../census.ts";
import type { GcOptions } from "../gc/find.ts";
import type { Remark } from "../look/index.ts";
import type { Surroundings } from "../surroundings.ts";
import { collect } from "./collect.ts";
import { confirmed, type Judgement } from "./finding.ts";
import { judge } from "./judge.ts";
import { nameOf, type Picture } from "./picture.ts";
import { leftBehind, overlayFaults } from "./seen.ts";

export interface Examined extends Judgement {
  readonly picture: Picture;
  readonly census: Census;
  /** What could not be looked at. */
  readonly remarks: readonly Remark[];
}

/** An ADD or DEL that is under way has its next step behind it by then. */
const SETTLE_MS = 100;

/**
 * Looks and judges. Containers come and go meanwhile, and a picture takes a while, so where something seems wrong it looks once more, and
 * only what is wrong both times is told.
 */
export async function examine(s: Surroundings, host: Kernel, options: GcOptions): Promise<Examined> {
  const first = await examineOnce(s, host, options);
  if (first.findings.length === 0 && first.doubts.length === 0) return first;
  await Bun.sleep(SETTLE_MS);
  const second = await examineOnce(s, host, options);
  return { ...second, ...confirmed(first, second) };
}

async function examineOnce(s: Surroundings, host: Kernel, options: GcOptions): Promise<Examined> {
  const caches = cacheFolders(s, options);
  const census = await takeCensus(s, ...caches);
  const used = new Set(census.attachments.map(({ network }) => network));
  const seen = [...(await leftBehind(s, host, census, options)), ...(await overlayFaults(s, host, options, used))];
  const picture = await collect(s, options, census, seen);
  return { ...judge(picture), picture, census, remarks: remarksOf(s, caches, census, picture) };
}

function remarksOf(
  s: Surroundings,
  caches: readonly string[],
  census: Census,
  { host, attachments, notJudged }: Picture,
): Remark[] {
  const blind = census.blind === undefined ? [] : [{ about: "leftovers", text: `are not looked for: ${census.blind}` }];
  return [
    ...caches.flatMap((cacheDir) => notUnderstood(s, cacheDir, census)),
    ...blind,
    ...notJudged,
    ...host.remarks.map(({ about, text }) => ({ about: `host: ${about}`, text })),
    ...attachments.flatMap((a) =>
      a.sandbox.remarks.map(({ about, text }) => ({ about: `${nameOf(a)}: ${about}`, text })),
    ),
  ];
}

const MAX_FILES = 1_000_000;
const MAX_SHOWN = 5;

/** Files of a cache that are no attachment: garbage, or of the form before libcni 0.7, which says too little. */
function notUnderstood({ native }: Surroundings, cacheDir: string, { attachments }: Census): Remark[] {
  const folder = `${cacheDir}/results`;
  if (native.stat(folder, true)?.kind !== "directory") return [];
  const known = new Set(attachments.map(({ network, containerId, ifName }) => `${network}-${containerId}-${ifName}`));
  const others = native.listDir(folder, MAX_FILES).filter((name) => !known.has(name) && !name.startsWith("."));
  const remarks = others
    .sort()
    .slice(0, MAX_SHOWN)
    .map(
      (name): Remark => ({ about: `${folder}/${name}`, text: "is no attachment in libcni's form, and is not judged" }),
    );
  const more = others.length - remarks.length;
  return more > 0 ? [...remarks, { about: folder, text: `has ${more} more such files` }] : remarks;
}

/** Edits that turn one text into the other: insertions, deletions, replacements, neighbours swapped. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const now = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((last[j] ?? 0) + 1, (now[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      now.push(best);
    }
    before = last;
    last = now;
  }
  return last[b.length] ?? most + 1;
}

/** What somebody who wrote `text` probably meant; `undefined` when nothing is near enough. */
export function closest(text: string, candidates: readonly string[]): string | undefined {
  const most = text.length < 4 ? 1 : text.length < 8 ? 2 : 3;
  let found: string | undefined;
  let best = most + 1;
  for (const candidate of candidates.slice(0, 10_000)) {
    const d = distance(text.slice(0, 64), candidate.slice(0, 64), most);
    if (d < best) {
      best = d;
      found = candidate;
    }
  }
  return found;
}

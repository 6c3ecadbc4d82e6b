/**
 * Makes, grows and drops pieces of all sizes for a while, and throws when one does not hold what was put there.
 */
export function useMemory(steps: number): void {
  const SLOTS = 64;
  const kept: { bytes: Uint8Array; text: string; list: number[] }[] = [];
  let seed = 1;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return seed % below;
  };
  for (let step = 0; step < steps; step++) {
    const slot = random(SLOTS);
    const old = kept[slot];
    if (old) {
      const { bytes, text, list } = old;
      const mark = bytes[0] ?? 0;
      if (bytes.some((byte) => byte !== mark)) throw new Error(`bytes of step ${step} were written to`);
      if (text !== String.fromCharCode(97 + (mark % 26)).repeat(bytes.length)) throw new Error("a text was written to");
      if (list.some((value, i) => value !== mark + i)) throw new Error("a list was written to");
      // Grows, so that it moves.
      for (let i = 0; i < 100; i++) list.push(mark + list.length);
      if (random(2) === 0) continue;
    }
    const length = random(8) === 0 ? random(30_000) + 1 : random(300) + 1;
    const mark = random(256);
    kept[slot] = {
      bytes: new Uint8Array(length).fill(mark),
      text: String.fromCharCode(97 + (mark % 26)).repeat(length),
      list: [mark],
    };
  }
}

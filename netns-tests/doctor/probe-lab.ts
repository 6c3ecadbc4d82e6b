import { expect } from "bun:test";
import { testUnless } from "../support/skip.ts";
import { type Lab, lack, makeWebLab, type Said, type WebLab } from "./lab.ts";

/** On the LAN, and its host is everybody's gateway. */
export const SERVER = "192.0.2.2";

/** Nothing is named without packets, and with them only this. */
export async function probed(lab: Lab, faults: readonly string[], ...args: string[]): Promise<Said> {
  await lab.expectFaults();
  const said = await lab.doctor("--probe", ...args);
  const shown = said.faults.map(({ fault }) => fault);
  if (shown.join() !== faults.join()) console.log(JSON.stringify(said, undefined, 1));
  expect({ shown, unclear: said.cannot_tell }).toEqual({ shown: [...faults], unclear: [] });
  expect(said.code).toBe(faults.length > 0 ? 1 : 0);
  return said;
}

export const named = ({ faults }: Said): string => faults[0]?.sentence ?? "";
export const seen = ({ faults }: Said): string => faults[0]?.evidence.join("; ") ?? "";

/** Something that cannot be seen without packets is planted on a healthy network. */
export function probes(
  name: string,
  faults: readonly string[],
  plant: (lab: WebLab, stack: AsyncDisposableStack) => Promise<void>,
  also: (said: Said) => void = () => {},
  args: readonly string[] = [],
): void {
  testUnless(lack, `doctor --probe names ${faults.join(", ") || "nothing"}: ${name}`, async () => {
    await using lab = await makeWebLab();
    await using stack = new AsyncDisposableStack();
    await plant(lab, stack);
    also(await probed(lab, faults, ...args));
  });
}

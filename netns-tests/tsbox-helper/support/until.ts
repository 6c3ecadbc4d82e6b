/** Waits up to 10 s for something to be so. */
export async function until(what: string, is: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await is()) return;
    await Bun.sleep(10);
  }
  throw new Error(`not in time: ${what}`);
}

/** Runs work over items, a few at a time; what they touch must be separate. Says of every failure which item it was. */
export async function eachOf<T>(
  items: readonly T[],
  name: (item: T) => string,
  work: (item: T) => Promise<void>,
  atOnce = 3,
): Promise<void> {
  const queue = items.values();
  const failures: string[] = [];
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      try {
        await work(item);
      } catch (error) {
        failures.push(`${name(item)}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failures.length > 0) throw new Error(failures.join("\n\n"));
}

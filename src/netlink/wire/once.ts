const unmade: (() => void)[] = [];

/**
 * A value that is made when it is first asked for: most processes need few of those that a program declares. A host that
 * keeps its heap between processes makes them all beforehand, with `makeAll`.
 */
export function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  const get = (): T => {
    made ??= make();
    return made;
  };
  unmade.push(get);
  return get;
}

/** Makes every value that has not been asked for yet. */
export function makeAll(): void {
  for (let get = unmade.pop(); get; get = unmade.pop()) get();
}

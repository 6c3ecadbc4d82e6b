/** Names of the properties of ECMAScript's own objects, as the runtime that evaluates this has them. */
export function builtins(): string[] {
  const iterator = Object.getPrototypeOf([][Symbol.iterator]());
  const typedArray = Object.getPrototypeOf(Uint8Array);
  const constructors = Object.getOwnPropertyNames(globalThis)
    .filter((name) => /^[A-Z][A-Za-z0-9]+$/.test(name))
    .map((name): unknown => Reflect.get(globalThis, name))
    .filter((value) => typeof value === "function" && ECMASCRIPT.has(value.name)) as { prototype?: object }[];
  const objects = [iterator, typedArray, typedArray.prototype, Math, JSON, Reflect, ...constructors];
  const all = [...objects, ...constructors.map(({ prototype }) => prototype)];
  return [...new Set(all.flatMap((object) => (object ? Object.getOwnPropertyNames(object) : [])))].sort();
}

const ECMASCRIPT = new Set(
  (
    "Object Function Array String Number Boolean Symbol BigInt Promise Map Set WeakMap WeakSet WeakRef Date RegExp Error " +
    "AggregateError ArrayBuffer DataView Uint8Array Iterator Proxy FinalizationRegistry"
  ).split(" "),
);

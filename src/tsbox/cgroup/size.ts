import { LimitError } from "./error.ts";

const UNITS = "bkmgtp";

/**
 * Bytes of `512m`, `1.5g`, `64MiB`, `1048576`: a number, a unit of powers of 1024 (b k m g t p, any case), and perhaps
 * `b` or `ib` behind it, as Docker writes sizes. `-1` is for those that allow it (`unlimited`).
 */
export function parseBytes(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+) ?(?:([bkmgtp])(?:i?b)?)?$/i.exec(text);
  if (!match)
    throw new LimitError(`Invalid ${option} "${text}": a size is a number with b, k, m or g behind it, as 512m`);
  const power = match[2] === undefined ? 0 : UNITS.indexOf(match[2].toLowerCase());
  const bytes = Math.floor(Number(match[1]) * 1024 ** power);
  if (!Number.isSafeInteger(bytes))
    throw new LimitError(`Invalid ${option} "${text}": more than this machine could have`);
  return bytes;
}

/** A whole number in bounds, written in decimal and nothing else. */
export function parseWhole(option: string, text: string, min: number, max: number): number {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new LimitError(`Invalid ${option} "${text}": a whole number ${min} to ${max}`);
  return value;
}

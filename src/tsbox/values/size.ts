const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: 2 ** 50,
};

/** `64m`, `1.5G`, `2gb`, `512KiB`, `1000`: bytes, by powers of 1024 as in Docker's options. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([bkmgtp]?)(?:i?b)?$/i.exec(text);
  const bytes = Number(match?.[1]) * (UNITS[(match?.[2] ?? "").toLowerCase()] ?? Number.NaN);
  if (!Number.isFinite(bytes) || bytes > Number.MAX_SAFE_INTEGER)
    throw new Error("need a size such as 512k, 64m or 1.5g");
  return Math.floor(bytes);
}

/** Memory; below 6 MiB nothing starts (Docker's bound). */
export function parseMemory(text: string): number {
  const bytes = parseSize(text);
  if (bytes < 6 * 2 ** 20) throw new Error("the minimum is 6m");
  return bytes;
}

/** Memory and swap together; -1 is no limit. */
export const parseMemorySwap = (text: string): number => (text === "-1" ? -1 : parseSize(text));

/** `1.5 MiB`, for people. */
export function sizeText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${units[unit]}`;
}

/** A whole number in decimal digits, nothing before or after it. */
export function parseWhole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new Error(`need a whole number from ${min} to ${max}`);
    return value;
  };
}

/** Processors as a decimal number; thousandths count, at least a hundredth. */
export function parseCpus(text: string): number {
  const value = /^\d{1,6}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 0.01 && value <= 100_000)) throw new Error("need a number of processors such as 0.5 or 2");
  return value;
}

/** `0-3,7`: a list as cpuset.cpus takes it (cpuset(7), "List format"). */
export function parseCpuList(text: string): string {
  for (const part of text.split(",")) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    if (!match || Number(match[2] ?? match[1]) < Number(match[1]))
      throw new Error("need processors such as 0,2 or 0-3");
  }
  return text;
}

/** What plugins do with big integers (IPv6 addresses, lease stamps), over values around the ends of the engine's digits. */
export function bigints(): string[] {
  const values = [0n];
  for (const bits of [1n, 31n, 32n, 33n, 63n, 64n, 65n, 95n, 96n, 97n, 127n, 128n, 129n])
    for (const near of [-1n, 0n, 1n]) values.push((1n << bits) + near, -(1n << bits) + near);
  values.push(0xfd770000000000000000000000000001n, 0x0123456789abcdef0123456789abcdefn);
  const view = new DataView(new ArrayBuffer(16));
  const results: string[] = [];
  for (const a of values) {
    for (const bits of [0, 1, 31, 32, 33, 63, 64, 65, 96, 127, 128, 129])
      results.push(`${BigInt.asUintN(bits, a)} ${BigInt.asIntN(bits, a)} ${a << BigInt(bits)} ${a >> BigInt(bits)}`);
    view.setBigUint64(0, a);
    view.setBigInt64(8, a, true);
    const read = [view.getBigUint64(0), view.getBigInt64(0), view.getBigUint64(8, true), view.getBigInt64(8, true)];
    results.push(`${a.toString(16)} ${~a} ${-a} ${Number(a)} ${BigInt(a.toString())} ${read}`);
    for (const b of values) {
      const parts = [a + b, a - b, a & b, a | b, a ^ b, a < b, a === b, new Set([a]).has(b), [a].includes(b)];
      results.push(parts.join(" "), b === 0n ? "" : `${a / b} ${a % b}`, `${a * b}`);
    }
  }
  return results;
}

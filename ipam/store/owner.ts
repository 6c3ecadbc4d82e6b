/** Who holds an address: a container's interface. Leases by old versions of the reference name the container only. */
export interface Owner {
  readonly containerId: string;
  readonly ifName?: string | undefined;
}

/** Content of a lease file: container ID, CR LF, interface name, no newline at the end. */
export function leaseText(owner: Owner): string {
  return owner.ifName === undefined ? owner.containerId : `${owner.containerId}\r\n${owner.ifName}`;
}

/** What the two forms of a lease of this attachment say, the present one first. */
export function leaseTextsOf(containerId: string, ifName: string): readonly [string, string] {
  return [leaseText({ containerId, ifName }), containerId];
}

/**
 * What counts of a lease file's content: the reference trims white space before it compares. Empty means: written by
 * nobody to the end.
 */
export function ownerKey(content: string): string {
  return content.trim();
}

/** The owner a lease names; `undefined` for content that no version of the reference writes. */
export function parseOwner(content: string): Owner | undefined {
  const parts = ownerKey(content).split("\r\n");
  const [containerId, ifName] = parts;
  if (containerId === undefined || parts.length > 2 || !/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(containerId))
    return undefined;
  if (ifName !== undefined && (ifName === "" || /[/:\s]/.test(ifName))) return undefined;
  return { containerId, ifName };
}

/**
 * 64-bit hash of an owner key, as two 32-bit halves. Only finds candidates: whoever acts on one reads the lease file
 * itself. Murmur-style mixing; a cryptographic one is not needed and would cost start-up time.
 */
export function hashKey(key: string): readonly [number, number] {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    a = Math.imul(a ^ code, 0xcc9e2d51);
    b = Math.imul(b ^ code, 0x1b873593);
    a = (a << 13) | (a >>> 19);
    b = (b << 15) | (b >>> 17);
  }
  a = Math.imul(a ^ (b >>> 16) ^ key.length, 0x85ebca6b);
  b = Math.imul(b ^ (a >>> 13), 0xc2b2ae35);
  a = Math.imul(a ^ (b >>> 15), 0x27d4eb2f);
  return [a >>> 0, b >>> 0];
}

/** A container's or exec's identity: 32 random bytes as 64 lower-case hexadecimal digits. */
export function newId(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toHex();
}

export const isId = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

/** What is shown, and the default host name: the first 12 digits. */
export const shortId = (id: string): string => id.slice(0, 12);

/** A container's name: Docker's rule, but one letter is a name too. */
export function parseName(text: string): string {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(text))
    throw new Error("need 1 to 128 letters, digits, _, . and -, a letter or digit first");
  return text;
}

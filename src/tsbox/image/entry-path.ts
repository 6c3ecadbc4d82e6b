/**
 * The path of an archive's entry below the root, without leading or trailing slash; "" for the root itself. Throws for what
 * no honest archive holds: a part `..`, NUL, an over-long name.
 */
export function entryPath(name: string): string {
  if (name.includes("\0")) throw new Error(`a name with NUL: ${JSON.stringify(name)}`);
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new Error(`${JSON.stringify(name)} leads out of the archive`);
  if (parts.some((part) => new TextEncoder().encode(part).length > 255) || name.length > 4095)
    throw new Error(`a name is too long: ${JSON.stringify(`${name.slice(0, 60)}…`)}`);
  return parts.join("/");
}

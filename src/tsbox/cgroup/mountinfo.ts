/** A field of /proc/PID/mountinfo: blank, tab, line break and backslash stand there as `\040` and the like (proc(5)). */
export function unescapeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** An image's name with its tag: `busybox:latest`, `localhost:5000/a/b:1`. Docker's grammar, without digests. */
export function parseImageName(text: string): string {
  const match =
    /^((?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::\d{1,5}(?=\/))?\/)*[a-z0-9]+(?:[._-]+[a-z0-9]+)*)(?::(\w[\w.-]{0,127}))?$/.exec(
      text,
    );
  if (!match || text.length > 255) throw new Error("need lower-case letters, digits and separators, and perhaps :TAG");
  return `${match[1]}:${match[2] ?? "latest"}`;
}

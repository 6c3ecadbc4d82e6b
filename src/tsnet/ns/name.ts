import { NETNS_FOLDER } from "../look/mounts.ts";
import { UsageError } from "../usage-error.ts";

const MAX_NAME = 255;

/** The file that stands for a name; UsageError for what `ip netns` would not take, or take for something else. */
export function netnsPath(name: string): string {
  const reason =
    name === ""
      ? "it is empty"
      : name === "." || name === ".."
        ? "it is a folder"
        : name.includes("/")
          ? "it has a slash in it"
          : /[\x00-\x1f\x7f]/.test(name)
            ? "it has control characters in it"
            : name === "host"
              ? "it stands for the host's own"
              : new TextEncoder().encode(name).length > MAX_NAME
                ? `it is longer than ${MAX_NAME} bytes`
                : undefined;
  if (reason !== undefined)
    throw new UsageError(`"${name}" cannot be a namespace's name: ${reason}`, "take letters, digits, dashes");
  return `${NETNS_FOLDER}/${name}`;
}

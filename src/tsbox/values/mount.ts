/** A folder or file of the host seen inside the container. */
export interface BindSpec {
  /** Absolute, on the host; made as a folder when it is not there, as Docker does. */
  readonly source: string;
  /** Absolute, inside. */
  readonly target: string;
  readonly readOnly: boolean;
}

export interface TmpfsSpec {
  readonly target: string;
  /** Options of tmpfs(5), what was given after the defaults. */
  readonly options: readonly string[];
}

/** `HOST:CONTAINER[:ro|rw]`. */
export function parseBind(text: string): BindSpec {
  const [source = "", target = "", mode = "rw", ...more] = text.split(":");
  if (target === "" || more.length > 0) throw new Error("need HOST:CONTAINER[:ro]");
  if (!source.startsWith("/"))
    throw new Error(`${JSON.stringify(source)} is no absolute path (named volumes are not supported)`);
  if (mode !== "ro" && mode !== "rw") throw new Error(`unknown mode ${JSON.stringify(mode)}: ro or rw`);
  return { source: cleanPath(source), target: insidePath(target), readOnly: mode === "ro" };
}

/** What a `--tmpfs` has unless told otherwise (Docker's defaults). */
const TMPFS_DEFAULTS = ["noexec", "nosuid", "nodev"] as const;
const OPPOSITE: Readonly<Record<string, string>> = { exec: "noexec", suid: "nosuid", dev: "nodev" };
const TMPFS_OPTION =
  /^(rw|ro|exec|noexec|suid|nosuid|dev|nodev|noatime|relatime|size=\d+[kmg%]?|mode=[0-7]{1,4}|nr_inodes=\d+[kmg]?|uid=\d{1,10}|gid=\d{1,10})$/i;

/** `PATH[:OPTION,…]` */
export function parseTmpfs(text: string): TmpfsSpec {
  const colon = text.indexOf(":");
  const given = colon < 0 ? [] : text.slice(colon + 1).split(",");
  for (const option of given)
    if (!TMPFS_OPTION.test(option)) throw new Error(`unknown option ${JSON.stringify(option)} of a tmpfs`);
  const defaults = TMPFS_DEFAULTS.filter((standard) => !given.some((option) => OPPOSITE[option] === standard));
  return {
    target: insidePath(colon < 0 ? text : text.slice(0, colon)),
    options: [...defaults, ...given.filter((option) => !(option in OPPOSITE) && !defaults.includes(option as never))],
  };
}

/** An absolute path inside a container, `.` and `..` taken out; never the root itself. */
export function insidePath(text: string): string {
  if (!text.startsWith("/")) throw new Error(`${JSON.stringify(text)} is no absolute path`);
  const path = cleanPath(text);
  if (path === "/") throw new Error("the root itself cannot be mounted over");
  return path;
}

/** An absolute path with `.`, `..` and empty parts taken out by its text. NUL and line breaks are refused. */
export function cleanPath(text: string): string {
  if (/[\0\n]/.test(text)) throw new Error("a path with a line break or NUL");
  if (text.length > 4095) throw new Error("a path of more than 4095 characters");
  const parts: string[] = [];
  for (const part of text.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

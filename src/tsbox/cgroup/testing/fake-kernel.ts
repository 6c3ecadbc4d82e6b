import type { CgroupFiles } from "../files.ts";

/** Which files a new cgroup has, beside `cgroup.procs`, and what is in them. */
type Template = (path: string) => Readonly<Record<string, string>>;

const fail = (code: string, path: string): Error => Object.assign(new Error(`${code} "${path}"`), { code });

/**
 * A tree of cgroups in memory that refuses what the kernel refuses: to make what is there, to write a file that is not
 * there, to remove a cgroup with processes or children in it, and (v1) memory.limit_in_bytes over memory.memsw.
 */
export class FakeKernel implements CgroupFiles {
  readonly #dirs = new Map<string, Map<string, string>>();
  readonly #plain = new Map<string, string>();
  /** Every write, `file=value`, in order. */
  readonly log: string[] = [];
  /** Called after each write; may change the tree as a kernel would. */
  onWrite: (path: string, value: string) => void = () => {};

  readonly #template: Template;

  constructor(template: Template) {
    this.#template = template;
  }

  /** A file outside the cgroups: /proc/self/mountinfo. */
  plain(path: string, text: string): void {
    this.#plain.set(path, text);
  }

  /** A cgroup that was there before us. */
  mount(path: string): void {
    this.#dirs.set(path, this.#filesOf(path));
  }

  set(path: string, value: string): void {
    const [dir, name] = split(path);
    this.#dirs.get(dir)?.set(name, value);
  }

  get paths(): string[] {
    return [...this.#dirs.keys()];
  }

  read(path: string): string {
    const [dir, name] = split(path);
    const text = this.#plain.get(path) ?? this.#dirs.get(dir)?.get(name);
    if (text === undefined) throw fail("ENOENT", path);
    return text;
  }

  write(path: string, value: string): void {
    const [dir, name] = split(path);
    const files = this.#dirs.get(dir);
    if (files === undefined) throw fail("ENOENT", path);
    const before = files.get(name);
    if (before === undefined) throw fail("EACCES", path);
    this.log.push(`${path}=${value}`);
    files.set(name, shown(name, before, value));
    const limit = bound(files.get("memory.limit_in_bytes"));
    if (limit > bound(files.get("memory.memsw.limit_in_bytes"))) {
      files.set(name, before);
      throw fail("EINVAL", path);
    }
    this.onWrite(path, value);
  }

  makeDir(path: string): void {
    if (this.#dirs.has(path)) throw fail("EEXIST", path);
    if (!this.#dirs.has(split(path)[0])) throw fail("ENOENT", path);
    this.#dirs.set(path, this.#filesOf(path));
  }

  removeDir(path: string): void {
    const files = this.#dirs.get(path);
    if (files === undefined) throw fail("ENOENT", path);
    if ((files.get("cgroup.procs") ?? "") !== "" || this.folders(path).length > 0) throw fail("EBUSY", path);
    this.#dirs.delete(path);
  }

  exists(path: string): boolean {
    const [dir, name] = split(path);
    return this.#dirs.has(path) || this.#dirs.get(dir)?.has(name) === true;
  }

  folders(path: string): string[] {
    return [...this.#dirs.keys()].filter((dir) => split(dir)[0] === path).map((dir) => split(dir)[1]);
  }

  #filesOf(path: string): Map<string, string> {
    return new Map(Object.entries({ "cgroup.procs": "", ...this.#template(path) }));
  }
}

function split(path: string): [dir: string, name: string] {
  const at = path.lastIndexOf("/");
  return [path.slice(0, at), path.slice(at + 1)];
}

/** What reading a file gives after a write. */
function shown(name: string, before: string, value: string): string {
  if (name === "cgroup.subtree_control") return `${before} ${value.slice(1)}`.trim();
  return name.startsWith("memory.") && value === "-1" ? "9223372036854771712" : value;
}

const bound = (value: string | undefined): number => (value === undefined ? Number.POSITIVE_INFINITY : Number(value));

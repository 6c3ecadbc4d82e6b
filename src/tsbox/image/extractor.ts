import * as fs from "node:fs";
import { entryPath } from "./entry-path.ts";

/** What of an entry counts here; from the archive, so nothing of it is trusted. */
export interface EntryHead {
  readonly name: string;
  /** Permission bits with set-ID and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeMs: number;
}

type Kind = "folder" | "file" | "link";

/** A file system is at least as large as its entries' inodes; more is no root file system. */
const MAX_ENTRIES = 2_000_000;

/**
 * Unpacks entries below a folder that is empty at first and that only this process may enter. What is where is remembered
 * from what was made, so no name ever leads through a link: an entry below a symbolic link or a file is refused, a leaf that
 * is there already is unlinked, and everything is made exclusively (O_EXCL, O_NOFOLLOW).
 */
export class Extractor {
  readonly #root: string;
  readonly #made = new Map<string, Kind>([["", "folder"]]);
  readonly #folderTimes = new Map<string, number>();
  #count = 0;

  constructor(root: string) {
    this.#root = root;
  }

  folder(head: EntryHead): void {
    const path = this.#enter(head.name);
    if (this.#made.get(path) !== "folder") {
      this.#clear(path);
      fs.mkdirSync(this.#at(path), 0o700);
      this.#made.set(path, "folder");
    }
    fs.lchownSync(this.#at(path), head.uid, head.gid);
    // The root itself is entered by everybody in the container.
    fs.chmodSync(this.#at(path), path === "" ? head.mode | 0o555 : head.mode);
    this.#folderTimes.set(path, head.mtimeMs);
  }

  /** Makes a regular file of the pieces that come. */
  async file(head: EntryHead, content: AsyncIterable<Uint8Array>): Promise<void> {
    const path = this.#leaf(head.name);
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
    const fd = fs.openSync(this.#at(path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      this.#made.set(path, "file");
      for await (const piece of content) writeAll(fd, piece);
      fs.fchownSync(fd, head.uid, head.gid);
      // After the owner, since a change of owner takes the set-ID bits away.
      fs.fchmodSync(fd, head.mode);
      fs.futimesSync(fd, head.mtimeMs / 1000, head.mtimeMs / 1000);
    } finally {
      fs.closeSync(fd);
    }
  }

  /** A symbolic link; where it leads is not looked at, as nothing here follows it. */
  symlink(head: EntryHead, target: string): void {
    if (target === "" || target.includes("\0") || target.length > 4095)
      throw new Error(`${JSON.stringify(head.name)} is a symbolic link to nowhere`);
    const path = this.#leaf(head.name);
    fs.symlinkSync(target, this.#at(path));
    this.#made.set(path, "link");
    fs.lchownSync(this.#at(path), head.uid, head.gid);
    fs.lutimesSync(this.#at(path), head.mtimeMs / 1000, head.mtimeMs / 1000);
  }

  /** A second name for a regular file that came before in the same archive. */
  hardLink(head: EntryHead, target: string): void {
    const from = entryPath(target);
    if (this.#made.get(from) !== "file")
      throw new Error(
        `${JSON.stringify(head.name)} is a hard link to ${JSON.stringify(target)}, which is no file of the archive`,
      );
    if (entryPath(head.name) === from) return;
    const path = this.#leaf(head.name);
    fs.linkSync(this.#at(from), this.#at(path));
    this.#made.set(path, "file");
  }

  /** Folders get their times last, as each new entry changes them. Gives how many entries were made. */
  finish(): number {
    for (const [path, mtimeMs] of this.#folderTimes)
      if (this.#made.get(path) === "folder") fs.utimesSync(this.#at(path), mtimeMs / 1000, mtimeMs / 1000);
    return this.#count;
  }

  #at(path: string): string {
    return path === "" ? this.#root : `${this.#root}/${path}`;
  }

  /** The path of an entry whose parents are folders now; missing ones are made as root's, 0755. */
  #enter(name: string): string {
    if (++this.#count > MAX_ENTRIES) throw new Error(`more than ${MAX_ENTRIES} entries`);
    const path = entryPath(name);
    const parts = path.split("/");
    for (let i = 1; i < parts.length; i++) {
      const parent = parts.slice(0, i).join("/");
      const kind = this.#made.get(parent);
      if (kind === "folder") continue;
      if (kind !== undefined)
        throw new Error(
          `${JSON.stringify(name)} lies below ${JSON.stringify(parent)}, which is no folder in the archive`,
        );
      fs.mkdirSync(this.#at(parent), 0o755);
      fs.chmodSync(this.#at(parent), 0o755);
      this.#made.set(parent, "folder");
    }
    return path;
  }

  #leaf(name: string): string {
    const path = this.#enter(name);
    if (path === "") throw new Error("the root of the archive is no folder");
    this.#clear(path);
    return path;
  }

  /** Later entries replace earlier ones, but not a folder that something lies in. */
  #clear(path: string): void {
    const kind = this.#made.get(path);
    if (kind === undefined) return;
    if (kind === "folder") fs.rmdirSync(this.#at(path));
    else fs.unlinkSync(this.#at(path));
    this.#made.delete(path);
    this.#folderTimes.delete(path);
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done, bytes.length - done);
}

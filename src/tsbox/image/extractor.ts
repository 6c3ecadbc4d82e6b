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

/** A file system is at least as large as its entries' inodes; more is no root file system. */
const MAX_ENTRIES = 10_000_000;
/** All that is remembered: so many folders, and so many characters in their paths together. */
const MAX_FOLDERS = 300_000;
const MAX_PATHS = 32 * 1024 * 1024;

/**
 * Unpacks entries below a folder that is empty at first and that only this process may enter. Which folders there are is
 * remembered from what was made, so no name ever leads through a link: an entry below a symbolic link or a file is refused,
 * a leaf that is there already is unlinked, and everything is made exclusively (O_EXCL, O_NOFOLLOW).
 */
export class Extractor {
  readonly #root: string;
  /** With their times, where the archive has them as entries. */
  readonly #folders = new Map<string, number | undefined>([["", undefined]]);
  #count = 0;
  #pathLengths = 0;

  constructor(root: string) {
    this.#root = root;
  }

  folder(head: EntryHead): void {
    const path = this.#enter(head.name);
    if (!this.#folders.has(path)) {
      this.#clear(path);
      this.#make(path, 0o700);
    }
    fs.lchownSync(this.#at(path), head.uid, head.gid);
    // The root itself is entered by everybody in the container.
    fs.chmodSync(this.#at(path), path === "" ? head.mode | 0o555 : head.mode);
    this.#folders.set(path, head.mtimeMs);
  }

  /** Makes a regular file of the pieces that come. */
  async file(head: EntryHead, content: AsyncIterable<Uint8Array>): Promise<void> {
    const path = this.#leaf(head.name);
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
    const fd = fs.openSync(this.#at(path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
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
    fs.lchownSync(this.#at(path), head.uid, head.gid);
    fs.lutimesSync(this.#at(path), head.mtimeMs / 1000, head.mtimeMs / 1000);
  }

  /** A second name for a regular file that came before in the same archive. */
  hardLink(head: EntryHead, target: string): void {
    const from = entryPath(target);
    if (!this.#isFile(from))
      throw new Error(
        `${JSON.stringify(head.name)} is a hard link to ${JSON.stringify(target)}, which is no file of the archive`,
      );
    if (entryPath(head.name) === from) return;
    const path = this.#leaf(head.name);
    fs.linkSync(this.#at(from), this.#at(path));
  }

  /** Folders get their times last, as each new entry changes them. Gives how many entries were made. */
  finish(): number {
    for (const [path, mtimeMs] of this.#folders)
      if (mtimeMs !== undefined) fs.utimesSync(this.#at(path), mtimeMs / 1000, mtimeMs / 1000);
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
      if (this.#folders.has(parent)) continue;
      if (this.#isThere(parent))
        throw new Error(
          `${JSON.stringify(name)} lies below ${JSON.stringify(parent)}, which is no folder in the archive`,
        );
      this.#make(parent, 0o755);
      fs.chmodSync(this.#at(parent), 0o755);
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
    if (this.#folders.has(path)) {
      fs.rmdirSync(this.#at(path));
      this.#folders.delete(path);
    } else if (this.#isThere(path)) fs.unlinkSync(this.#at(path));
  }

  #make(path: string, mode: number): void {
    this.#pathLengths += path.length;
    if (this.#pathLengths > MAX_PATHS) throw new Error("the paths of its folders are too long together");
    if (this.#folders.size > MAX_FOLDERS) throw new Error(`more than ${MAX_FOLDERS} folders`);
    fs.mkdirSync(this.#at(path), mode);
    this.#folders.set(path, undefined);
  }

  /** Asked of the file system only where all parents are folders made here. */
  #isThere(path: string): boolean {
    return fs.lstatSync(this.#at(path), { throwIfNoEntry: false }) !== undefined;
  }

  #isFile(path: string): boolean {
    const parent = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
    return this.#folders.has(parent) && fs.lstatSync(this.#at(path), { throwIfNoEntry: false })?.isFile() === true;
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done, bytes.length - done);
}

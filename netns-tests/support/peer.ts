import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { must } from "./run.ts";

const source = join(import.meta.dir, "peer.c");
const folder = join(import.meta.dir, "../../native/build/tests");
let path: Promise<string> | undefined;

/** Path of the static test program (`peer.c`), compiled when its source has changed (0.2 s). Needs gcc and libc6-dev. */
export function peerPath(): Promise<string> {
  path ??= compile();
  return path;
}

async function compile(): Promise<string> {
  const target = join(folder, `peer-${Bun.hash(readFileSync(source)).toString(16)}`);
  if (existsSync(target)) return target;
  mkdirSync(folder, { recursive: true });
  const temporary = `${target}.${process.pid}`;
  await must(["gcc", "-static", "-O1", "-Wall", "-Wextra", "-Werror", "-s", "-o", temporary, source]);
  renameSync(temporary, target);
  return target;
}

import { statSync } from "node:fs";
import { absolutePath } from "../../cli/paths.ts";
import { UsageError } from "../../cli/usage-error.ts";
import { EXIT, Failure, messageOf } from "../failure.ts";
import { importImage } from "../image/import.ts";
import { parseImageName } from "../image/name.ts";
import { word } from "../options/word.ts";
import type { Surroundings } from "../surroundings.ts";

export const importWord = word({
  name: "import",
  usage: "FILE|- NAME[:TAG]",
  help: "Makes an image of a root file system in a tar archive, plain or compressed by gzip or zstd; - is standard input.",
  options: {},
  operands: { min: 2, max: 2 },
  async run(_values, [file = "", wanted = ""], s) {
    const name = nameOf(wanted);
    const { id, notices } = await importImage(s.native, s.places, archiveOf(s, file), name, new Date(s.now()));
    for (const notice of notices) s.err(`tsbox: ${notice}\n`);
    s.out(`sha256:${id}\n`);
    return EXIT.done;
  },
});

function nameOf(text: string): string {
  try {
    return parseImageName(text);
  } catch (error) {
    throw new UsageError(`invalid image name ${JSON.stringify(text)}: ${messageOf(error)}`, "see tsbox import --help");
  }
}

function archiveOf(s: Surroundings, file: string): AsyncIterable<Uint8Array> {
  if (file === "-") return Bun.stdin.stream();
  const path = absolutePath(s, file);
  const kind = s.native.stat(path, true)?.kind;
  if (kind === undefined)
    throw new Failure(`there is no file ${JSON.stringify(file)}`, "name a tar archive, or - for standard input");
  if (kind === "directory")
    throw new Failure(`${JSON.stringify(file)} is a folder`, `tar -C ${file} -c . | tsbox import - NAME`);
  if (kind !== "file" && !statSync(path).isFIFO())
    throw new Failure(`${JSON.stringify(file)} is no file`, "name a tar archive, or - for standard input");
  return Bun.file(path).stream();
}

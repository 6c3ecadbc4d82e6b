import { type Command, Option } from "commander";
import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { errnoCode } from "../../plugin/errors.ts";
import { findNamespaces, lookAt } from "../look/index.ts";
import { absolutePath } from "../paths.ts";
import { sayRemarks } from "../remarks.ts";
import type { Surroundings } from "../surroundings.ts";
import { NS_HELP, targetOf } from "../target.ts";
import { NO_TERMINAL } from "../terminal.ts";
import { jsonLine } from "../text.ts";
import { word } from "../word.ts";
import { PARTS, pictureOf } from "./build.ts";
import type { Picture } from "./model.ts";
import { narrow } from "./narrow.ts";

interface Options {
  readonly format: string;
  readonly output?: string;
  readonly json?: boolean;
}

const FORMATS = ["text", "svg", "html", "mermaid", "json"];

/** `tsnet graph`: the host as a picture. */
export function graphCommand(s: Surroundings): Command {
  return word("graph", "the host's namespaces, links, bridges and ways out as a picture", [
    "tsnet graph",
    "tsnet graph blue --format mermaid",
    "tsnet graph --format html -o host.html",
  ])
    .argument("[ns...]", `only what these have to do with: ${NS_HELP}`)
    .addOption(new Option("--format <format>", "what it is drawn as").choices(FORMATS).default("text"))
    .option("-o, --output <file>", "write it there instead of standard output")
    .option("--json", "as --format json")
    .action(async (names: readonly string[], { json, ...given }: Options) => {
      const options = json === true ? { ...given, format: "json" } : given;
      const host = findNamespaces(s.native);
      const wanted = names.map((name) => targetOf(s, host, name));
      const known = new Set(host.namespaces.map((ns) => ns.identity));
      const all = [...host.namespaces, ...wanted.filter((ns) => !known.has(ns.identity))];
      const whole = pictureOf(await lookAt(s, all, PARTS));
      const picture = names.length === 0 ? whole : narrow(whole, new Set(wanted.map((ns) => String(ns.inode))));
      const text = await drawn(s, picture, options);
      if (options.output === undefined) s.out(text);
      else await write(absolutePath(s, options.output), text);
      sayRemarks(s, host.remarks);
      if (options.format !== "text") for (const box of picture.namespaces) sayRemarks(s, box.remarks, box.label);
    });
}

async function write(path: string, text: string): Promise<void> {
  try {
    await Bun.write(path, text, { createPath: false });
  } catch (error) {
    const code = errnoCode(error);
    if (code === undefined) throw error;
    const remedy =
      code === "ENOENT"
        ? "make its folder first"
        : code === "EISDIR"
          ? "that is a folder: name a file in it"
          : "name a file that can be written, or leave -o out and redirect standard output";
    throw new CniError(CNI_CODE.OPERATION_FAILED, `cannot write the picture to "${path}": ${code}`, remedy, {
      cause: error,
    });
  }
}

async function drawn(s: Surroundings, picture: Picture, { format, output }: Options): Promise<string> {
  if (format === "json") return jsonLine(picture);
  if (format === "mermaid") return (await import("./mermaid.ts")).mermaidPicture(picture);
  if (format === "text")
    return (await import("./text.ts")).textPicture(picture, output === undefined ? s.terminal : NO_TERMINAL);
  const drawing = await (await import("./layout.ts")).layOut(picture);
  return format === "svg"
    ? (await import("./svg.ts")).svgPicture(drawing)
    : (await import("./html.ts")).htmlPicture(picture, drawing);
}

import { findRecord } from "../container/store.ts";
import { containerView } from "../container/view.ts";
import { EXIT, Failure } from "../failure.ts";
import type { Value } from "../format/render.ts";
import { word } from "../options/word.ts";
import { say } from "../say.ts";
import { findImage, imageNames } from "../store/images.ts";
import type { Surroundings } from "../surroundings.ts";
import { formatOption, printRows } from "./format.ts";
import { ready } from "./ready.ts";

const OPTIONS = { format: formatOption("netns-tests/tsbox/looking.test.ts", "f") };

export const inspect = word({
  name: "inspect",
  usage: "CONTAINER|IMAGE...",
  help: "Shows all that is known of containers or images, as JSON.",
  options: OPTIONS,
  operands: { min: 1, max: Number.POSITIVE_INFINITY },
  async run({ format }, operands, s) {
    await ready(s);
    const found: Value[] = [];
    let failed = false;
    for (const operand of operands) {
      try {
        found.push(viewOf(s, operand));
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        failed = true;
        say(s.err, error);
      }
    }
    if (format === undefined) s.out(`${JSON.stringify(found, null, 4)}\n`);
    else printRows(s, format, found);
    return failed ? EXIT.failed : EXIT.done;
  },
});

function viewOf(s: Surroundings, operand: string): Value {
  let record: ReturnType<typeof findRecord>;
  try {
    record = findRecord(s.native, s.places, operand);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return imageView(s, operand, error);
  }
  return containerView(s, record);
}

function imageView(s: Surroundings, operand: string, noContainer: Failure): Value {
  let image: ReturnType<typeof findImage>;
  try {
    image = findImage(s.native, s.places, operand);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`no such container or image: ${operand}`, noContainer.remedy);
  }
  const names = Object.entries(imageNames(s.native, s.places));
  return {
    Id: `sha256:${image.id}`,
    RepoTags: names.filter(([, id]) => id === image.id).map(([name]) => name),
    Created: image.created,
    Size: image.size,
    Os: "linux",
    Architecture: "amd64",
  };
}

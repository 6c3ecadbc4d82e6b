import { EXIT } from "../failure.ts";
import { shortId } from "../names/id.ts";
import { toggle } from "../options/option.ts";
import { word } from "../options/word.ts";
import { allImages, imageNames } from "../store/images.ts";
import { sizeText } from "../values/size.ts";
import { ago } from "../values/time.ts";
import { formatOption, printRows } from "./format.ts";
import { listing } from "./listing.ts";

const PROOF = "netns-tests/tsbox/images.test.ts";
const OPTIONS = {
  all: toggle({ long: "all", short: "a", help: "also images without a name", proof: PROOF }),
  quiet: toggle({ long: "quiet", short: "q", help: "only IDs", proof: PROOF }),
  format: formatOption(PROOF),
};

export const images = word({
  name: "images",
  usage: "",
  help: "Lists images.",
  options: OPTIONS,
  operands: { min: 0, max: 0 },
  async run({ all, quiet, format }, _operands, s) {
    const names = Object.entries(imageNames(s.native, s.places));
    const rows = allImages(s.native, s.places).flatMap((image) => {
      const own = names.filter(([, id]) => id === image.id).map(([name]) => name);
      const shown = own.length > 0 ? own : all ? ["<none>:<none>"] : [];
      return shown.map((name) => ({
        Repository: name.slice(0, name.lastIndexOf(":")),
        Tag: name.slice(name.lastIndexOf(":") + 1),
        ID: shortId(image.id),
        CreatedAt: image.created,
        CreatedSince: `${ago(s.now() - Date.parse(image.created))} ago`,
        Size: sizeText(image.size),
      }));
    });
    if (quiet) s.out([...new Set(rows.map(({ ID }) => `${ID}\n`))].join(""));
    else if (format !== undefined) printRows(s, format, rows);
    else
      s.out(
        listing(
          ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"],
          rows.map((row) => [row.Repository, row.Tag, row.ID, row.CreatedSince, row.Size]),
        ),
      );
    return EXIT.done;
  },
});

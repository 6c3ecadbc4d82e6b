import { usersOf } from "../container/image-users.ts";
import { Failure } from "../failure.ts";
import { toggle } from "../options/option.ts";
import { word } from "../options/word.ts";
import {
  changeImageNames,
  dropImage,
  findImage,
  hideImage,
  imageNames,
  inImages,
  nameOrUndefined,
  unhideImage,
} from "../store/images.ts";
import type { Surroundings } from "../surroundings.ts";
import { each } from "./each.ts";

const OPTIONS = {
  force: toggle({
    long: "force",
    short: "f",
    help: "also one with several names",
    proof: "netns-tests/tsbox/images.test.ts",
  }),
};

export const rmi = word({
  name: "rmi",
  usage: "IMAGE...",
  help: "Takes a name from an image, and removes the image with its last name.",
  options: OPTIONS,
  operands: { min: 1, max: Number.POSITIVE_INFINITY },
  async run({ force }, operands, s) {
    return each(s, operands, async (operand) => remove(s, operand, force));
  },
});

function remove(s: Surroundings, operand: string, force: boolean): void {
  const { id } = findImage(s.native, s.places, operand);
  const names = imageNames(s.native, s.places);
  const own = Object.keys(names).filter((name) => names[name] === id);
  const named = own.find((name) => name === nameOrUndefined(operand));
  if (own.length > 1 && named === undefined && !force)
    throw new Failure(
      `image ${operand} has ${own.length} names: ${own.join(", ")}`,
      "remove one of them, or all by -f",
    );
  const leaving = named === undefined ? own : [named];
  if (leaving.length === own.length) dropUnused(s, id, operand);
  changeImageNames(s.native, s.places, (now) =>
    Object.fromEntries(Object.entries(now).filter(([name, image]) => image !== id || !leaving.includes(name))),
  );
}

/** Removes an image unless a container is made of it: its files are the container's too. */
function dropUnused(s: Surroundings, id: string, shown: string): void {
  inImages(s.native, s.places, () => {
    hideImage(s.native, s.places, id);
    const [user, ...more] = usersOf(s, id);
    if (user === undefined) return dropImage(s.places, id);
    unhideImage(s.native, s.places, id);
    throw new Failure(
      `image ${shown} is used by container ${user.name}${more.length > 0 ? ` and ${more.length} more` : ""}`,
      `remove that first: tsbox rm ${user.name}`,
    );
  });
}

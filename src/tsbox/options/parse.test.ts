import { expect, test } from "bun:test";
import { UsageError } from "../../cli/usage-error.ts";
import { many, single, toggle } from "./option.ts";
import { parseOptions } from "./parse.ts";

const names = (long: string, short?: string) => ({
  long,
  help: "",
  proof: "",
  ...(short === undefined ? {} : { short }),
});
const TABLE = {
  detach: toggle(names("detach", "d")),
  interactive: toggle(names("interactive", "i")),
  tty: toggle(names("tty", "t")),
  name: single({ ...names("name"), metavar: "NAME" }, String),
  publish: many({ ...names("publish", "p"), metavar: "PORT" }, String),
  memory: single({ ...names("memory", "m"), metavar: "SIZE" }, (text) => {
    if (!/^\d+$/.test(text)) throw new Error("need a number");
    return Number(text);
  }),
};
const parse = (...args: string[]) => parseOptions(TABLE, args, { command: "run", stopAtOperand: true });
const problem = (...args: string[]): string => {
  try {
    parse(...args);
  } catch (error) {
    if (error instanceof UsageError) return `${error.message} | ${error.remedy}`;
    throw error;
  }
  return "accepted";
};

test("values come after a blank, after =, and at the end of a cluster", () => {
  for (const args of [
    ["-itp80", "--name", "x"],
    ["-it", "-p=80", "--name=x"],
    ["-i", "-t=true", "-p", "80", "--name=x"],
    ["--interactive", "--tty", "--publish", "80", "--name", "x"],
  ]) {
    const { values } = parse(...args);
    expect([values.interactive, values.tty, values.detach, values.publish, values.name]).toEqual([
      true,
      true,
      false,
      ["80"],
      "x",
    ]);
  }
});

test("a value may begin with a dash, hold =, or be empty", () => {
  expect(parse("--name", "-x").values.name).toBe("-x");
  expect(parse("--name=a=b").values.name).toBe("a=b");
  expect(parse("--name=").values.name).toBe("");
});

test("options end at the image, and everything after it belongs to the program", () => {
  expect(parse("-d", "img", "-i", "--name", "x")).toMatchObject({
    operands: ["img", "-i", "--name", "x"],
    values: { interactive: false, name: undefined },
  });
  expect(parse("--", "-d").operands).toEqual(["-d"]);
  expect(parse("-").operands).toEqual(["-"]);
});

test("where options may follow operands they do", () => {
  const parsed = parseOptions(TABLE, ["a", "-d", "b"], { command: "rm", stopAtOperand: false });
  expect([parsed.operands, parsed.values.detach]).toEqual([["a", "b"], true]);
});

test("a list keeps its order, and of a single value the last counts", () => {
  expect(parse("-p", "1", "--name=a", "-p2", "--name=b").values).toMatchObject({ publish: ["1", "2"], name: "b" });
  expect(parse("-d", "--detach=false").values.detach).toBe(false);
});

for (const [args, said] of [
  [["--nmae", "x"], "unknown option --nmae | did you mean --name?"],
  [["-name", "x"], "unknown option -n in -name | did you mean --name?"],
  [["–name", "x"], '"–name" begins with a typographic dash, not with "-" | did you mean --name?'],
  [["—rm"], '"—rm" begins with a typographic dash, not with "-" | see tsbox run --help'],
  [["-z"], "unknown option -z | see tsbox run --help"],
  [["-itz"], "unknown option -z in -itz | see tsbox run --help"],
  [["--gpus", "all"], "unknown option --gpus | see tsbox run --help"],
  [["--name"], "option --name needs a value | see tsbox run --help"],
  [["-dp"], "option -p needs a value | see tsbox run --help"],
  [["-d=maybe"], 'invalid value "maybe" for -d: need true or false, have "maybe" | see tsbox run --help'],
  [["-m", "x"], 'invalid value "x" for -m: need a number | see tsbox run --help'],
] as const)
  test(`refused: ${args.join(" ")}`, () => expect(problem(...args)).toBe(said));

test("--help stops everything else", () => {
  expect(parse("--help", "--nonsense").help).toBe(true);
});

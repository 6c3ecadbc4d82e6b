import { expect } from "bun:test";
import { type Lab, TSBOX, until } from "./lab.ts";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

/** A command line in a terminal of its own (script(1)), 40 by 100; `type` writes what is typed. */
function inTerminal(lab: Lab, command: string): Bun.Subprocess<"pipe", "pipe", "pipe"> & { type(text: string): void } {
  const inner = `stty rows 40 cols 100; exec ${command}`;
  const child = Bun.spawn([...lab.host.enter, "script", "-qefc", inner, "/dev/null"], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", SHELL: "/bin/sh", TERM: "xterm" },
  });
  return Object.assign(child, {
    type(text: string): void {
      child.stdin.write(text);
      child.stdin.flush();
    },
  });
}

/** Collects output; `has` waits for a text. */
function watch(stream: ReadableStream<Uint8Array>): { text(): string; has(text: string): Promise<void> } {
  let all = "";
  void (async () => {
    for await (const piece of stream) all += new TextDecoder().decode(piece);
  })();
  return {
    text: () => all,
    has: (text) => until(`${JSON.stringify(text)} in ${JSON.stringify(all)}`, async () => all.includes(text)),
  };
}

test("run --tty: a terminal of its own size, follows the one outside, and what is typed reaches it", async (lab) => {
  const child = inTerminal(lab, `${TSBOX} run --rm -it --name t --network none box sh`);
  const screen = watch(child.stdout);
  await screen.has("# ");
  child.type("tty; stty size; echo $TERM\n");
  await screen.has("40 100\r\nxterm\r\n");
  expect(screen.text()).toMatch(/\/dev\/(pts\/0|console)\r\n40 100/);
  // The terminal outside changes; the kernel tells whoever sits in front of it (SIGWINCH).
  await lab.host.exec(
    "sh",
    "-c",
    `t=$(ps -eo tty=,args= | awk '/[r]un --rm -it --name t/ && $1 != "?" {print $1; exit}'); stty -F /dev/$t cols 133`,
  );
  await until("the size follows", async () => {
    child.type("stty size\n");
    await Bun.sleep(100);
    return screen.text().includes("40 133");
  });
  child.type("exit 3\n");
  expect(await child.exited).toBe(3);
});

test("a key for the terminal's own signal ends what runs inside, not tsbox", async (lab) => {
  const child = inTerminal(lab, `${TSBOX} run --rm -it --network none box sh`);
  const screen = watch(child.stdout);
  await screen.has("# ");
  child.type("sleep 60\n");
  await Bun.sleep(300);
  child.type("\x03");
  await Bun.sleep(100);
  child.type("echo went $?\n");
  await screen.has("went 130");
  child.type("exit\n");
  await child.exited;
});

test("the terminal outside is as it was afterwards", async (lab) => {
  const child = inTerminal(
    lab,
    `sh -c 'stty -g > ${lab.folder}/before; ${TSBOX} run --rm -it --network none box true; stty -g > ${lab.folder}/after'`,
  );
  await child.exited;
  expect(await lab.read(`${lab.folder}/after`)).toBe(await lab.read(`${lab.folder}/before`));
});

test("what the program writes comes out byte for byte: no terminal between changes it", async (lab) => {
  const command = `${TSBOX} run --rm -it --network none box sh -c 'stty -opost; printf "a\\nb\\n"'`;
  const child = inTerminal(lab, command);
  expect(await new Response(child.stdout).text()).toBe("a\nb\n");
});

test("without -i the terminal outside stays as it is: its keys end the container", async (lab) => {
  const child = inTerminal(
    lab,
    `${TSBOX} run --rm -t --name ti --network none box sh -c 'trap "exit 8" INT; echo ready; while :; do sleep 0.1; done'`,
  );
  await watch(child.stdout).has("ready");
  child.type("\x03");
  expect(await child.exited).toBe(8);
});

test("detach keys leave it running, and attach finds it again", async (lab) => {
  const child = inTerminal(lab, `${TSBOX} run -it --name d --network none box sh`);
  const screen = watch(child.stdout);
  await screen.has("# ");
  child.type("\x10\x11");
  expect(await child.exited).toBe(0);
  expect(await lab.ok("inspect", "-f", "{{.State.Status}}", "d")).toBe("running");
  const again = inTerminal(lab, `${TSBOX} attach d`);
  const seen = watch(again.stdout);
  await Bun.sleep(300);
  again.type("echo back\n");
  await seen.has("\nback\r\n");
  again.type("exit\n");
  await again.exited;
  await lab.ok("rm", "d");
});

test("attach --detach-keys: other keys, and the usual ones are then ordinary", async (lab) => {
  await lab.ok("run", "-dit", "--name", "k", "--network", "none", "box", "cat");
  const child = inTerminal(lab, `${TSBOX} attach --detach-keys ctrl-a,d k`);
  const screen = watch(child.stdout);
  await Bun.sleep(300);
  child.type("\x10\x11x\n");
  await screen.has("x");
  child.type("\x01d");
  expect(await child.exited).toBe(0);
  expect(await lab.ok("inspect", "-f", "{{.State.Status}}", "k")).toBe("running");
  await lab.ok("rm", "-f", "k");
});

test("exec --tty: a terminal for it alone", async (lab) => {
  await lab.ok("run", "-d", "--name", "e", "--network", "none", "box", "sleep", "60");
  const child = inTerminal(lab, `${TSBOX} exec -it e sh`);
  const screen = watch(child.stdout);
  await screen.has("# ");
  child.type("tty; stty size; exit 6\n");
  await screen.has("40 100");
  expect(screen.text()).toMatch(/\/dev\/pts\/\d/);
  expect(await child.exited).toBe(6);
  await lab.ok("rm", "-f", "e");
});

nothingIsLeft();

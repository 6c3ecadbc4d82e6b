import { expect } from "bun:test";
import { type Lab, TSBOX } from "./lab.ts";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

/** A script with TSBOX_DATA on a disk of its own, of 4 MiB, and a container `there` of it; `fill` and `free` take and give its room. */
async function onDisk(lab: Lab, script: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const disk = `${lab.folder}/disk`;
  const text = `
    mkdir -p ${disk} ${lab.folder}/one/bin; cp $(command -v busybox) ${lab.folder}/one/bin/
    mount -t tmpfs -o size=4m tmpfs ${disk}; export TSBOX_DATA=${disk}/data
    tsbox() { ${TSBOX} "$@"; }
    fill() { head -c 9000000 /dev/zero > ${disk}/fill 2>/dev/null; }
    free() { rm ${disk}/fill; }
    tar -C ${lab.folder}/one -c . | tsbox import - one >/dev/null
    ${script}`;
  return lab.host.run(["unshare", "--mount", "sh", "-c", text]);
}

test("on a full disk containers can be stopped, looked at and removed, and gc works, also with a new run folder", async (lab) => {
  const ran = await onDisk(
    lab,
    `tsbox run -d --name a --init one /bin/busybox sh -c 'trap "exit 7" TERM; while :; do /bin/busybox sleep 0.1; done' >/dev/null
     tsbox run -d --name b one /bin/busybox sleep 60 >/dev/null
     fill
     tsbox stop a; tsbox inspect -f '{{.State.Status}} {{.State.ExitCode}}' a; tsbox rm a; tsbox rm -f b
     echo "left: $(tsbox ps -aq)"
     fill; TSBOX_RUN=${lab.folder}/disk/run tsbox system gc 2>&1 | cut -d: -f1,3-
     free; tsbox run --rm one /bin/busybox echo again`,
  );
  expect(ran.stderr).toBe("");
  const [stopped, state, ...more] = ran.stdout.split("\n");
  expect([stopped, state]).toEqual(["a", "exited 7"]);
  expect(more.slice(0, 3)).toEqual(["a", "b", "left: "]);
  expect(more[3]).toContain("ENOSPC: No space left on device (the disk is full");
  expect(more.at(-2)).toBe("again");
});

test("a data folder whose containers run with another run folder is refused; when none does, it may change", async (lab) => {
  const ran = await onDisk(
    lab,
    `tsbox run -d --name a one /bin/busybox sleep 60 >/dev/null
     export OTHER=${lab.folder}/other-run
     for words in "ps" "rm -f a" "system gc" "run --rm one /bin/busybox true"; do
       TSBOX_RUN=$OTHER tsbox $words 2>&1 >/dev/null | head -1; done
     tsbox inspect -f '{{.State.Status}}' a
     tsbox rm -f a
     TSBOX_RUN=$OTHER tsbox run -d --name b one /bin/busybox sleep 60 >/dev/null; echo $?
     tsbox ps 2>&1 >/dev/null | head -1
     TSBOX_RUN=$OTHER tsbox rm -f b; tsbox ps -q; echo $?`,
  );
  const refused = expect.stringMatching(
    /containers of \S+ run with TSBOX_RUN=\/run\/tsbox-\w{8}, not with \S+other-run/,
  );
  const back = expect.stringMatching(/run with TSBOX_RUN=\S+other-run, not with \/run\/tsbox-/);
  const lines = ran.stdout.trim().split("\n");
  expect(lines).toEqual([refused, refused, refused, refused, "running", "a", "0", back, "b", "0"]);
});

test("a run folder that is another data folder's is refused", async (lab) => {
  await lab.ok("run", "-d", "--name", "mine", "box", "sleep", "60");
  const ran = await onDisk(lab, "TSBOX_RUN=/run/tsbox tsbox run --rm one /bin/busybox true");
  expect([ran.code, ran.stderr]).toEqual([
    125,
    expect.stringContaining("belongs to the containers of TSBOX_DATA=/var/lib/tsbox"),
  ]);
  expect(await lab.ok("inspect", "-f", "{{.State.Status}}", "mine")).toBe("running");
  await lab.ok("rm", "-f", "mine");
});

nothingIsLeft();

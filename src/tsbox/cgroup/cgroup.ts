import { errnoOf } from "./error.ts";
import { type CgroupFiles, kernelFiles } from "./files.ts";
import { discover, hierarchyOf, type Layout } from "./layout.ts";
import type { Limits } from "./limits.ts";
import {
  freezeV1,
  freezeV2,
  type Kill,
  processesIn,
  removeCgroup,
  sigkill,
  thawV1,
  unlessGone,
  until,
} from "./processes.ts";
import { type Stats, table, v1Stats, v2Stats } from "./stats.ts";
import { attempt, cgroupDir, failure, listTree, makeTree, PARENT, removeParent } from "./tree.ts";
import { limitWrites } from "./writes.ts";

const FREEZE_MS = 5_000;
const KILL_MS = 5_000;
const REMOVE_MS = 2_000;

/** What a container's cgroup is looked at through. */
interface Machine {
  readonly layout: Layout;
  readonly files: CgroupFiles;
  readonly parent: string;
  readonly kill: Kill;
  readonly removeMs: number;
}

export interface OwnCgroup {
  readonly dir: string;
  readonly controllers: readonly string[];
  /** Of a v1 hierarchy without controllers: `systemd`. */
  readonly name: string | undefined;
}

/** The cgroups of one container, on whatever this machine has. Whether they exist is the kernel's to say. */
export class ContainerCgroup {
  readonly id: string;
  readonly #machine: Machine;
  /** Its folder in each hierarchy; on cgroup v2 one. */
  readonly hierarchies: readonly OwnCgroup[];

  constructor(id: string, machine: Machine) {
    this.id = id;
    this.#machine = machine;
    this.hierarchies = machine.layout.hierarchies.map((hierarchy) => ({
      dir: cgroupDir(hierarchy, machine.parent, id),
      controllers: hierarchy.controllers,
      name: hierarchy.name,
    }));
  }

  get #files(): CgroupFiles {
    return this.#machine.files;
  }

  get version(): 1 | 2 {
    return this.#machine.layout.mode === "v2" ? 2 : 1;
  }

  get #isV2(): boolean {
    return this.version === 2;
  }

  get dirs(): readonly string[] {
    return this.hierarchies.map(({ dir }) => dir);
  }

  /** The folder that has a controller; on cgroup v2 always the same. */
  dirOf(controller: string): string | undefined {
    const found = this.hierarchies.find(({ controllers }) => this.#isV2 || controllers.includes(controller));
    return found?.dir;
  }

  /**
   * Where a process writes itself, as `0`, to be in the container before it runs anything. On v1 these are `tasks` files:
   * moving oneself alone, while one has one thread, takes no lock, for which the kernel waits 5 to 15 ms with any other pid
   * and with `cgroup.procs`. On v2 clone3(2) with CLONE_INTO_CGROUP on the folder does without that lock as well.
   */
  get joinFiles(): string[] {
    return this.dirs.map((dir) => `${dir}/${this.#isV2 ? "cgroup.procs" : "tasks"}`);
  }

  get exists(): boolean {
    return this.dirs.some((dir) => this.#files.exists(dir));
  }

  /** Sets limits, also of a running container. What the kernel cannot do but Docker forgives comes back as warnings. */
  setLimits(limits: Limits): string[] {
    const warnings: string[] = [];
    for (const { controller, file, value, optional } of limitWrites(this.#machine.layout, limits, this.#swapLimit())) {
      const path = `${this.dirOf(controller)}/${file}`;
      if (optional !== undefined && !this.#files.exists(path)) {
        warnings.push(optional);
        continue;
      }
      try {
        this.#files.write(path, value);
      } catch (error) {
        const hint = controller === "memory" && errnoOf(error) === "EBUSY" ? ": the container uses more than that" : "";
        throw failure(`set "${path}" to "${value}"${hint}`, error);
      }
    }
    return warnings;
  }

  #swapLimit(): number | undefined {
    const memory = this.#isV2 ? undefined : this.dirOf("memory");
    const path = `${memory}/memory.memsw.limit_in_bytes`;
    return memory !== undefined && this.#files.exists(path) ? Number(this.#files.read(path)) : undefined;
  }

  /** Processes as this process's PID namespace numbers them. */
  processes(): number[] {
    return [...new Set(this.dirs.flatMap((dir) => processesIn(this.#files, dir)))];
  }

  /** Stops every process where it is. Ends when all stand still; after a failure none stays frozen. */
  async freeze(): Promise<void> {
    const dir = this.#freezerDir();
    if (this.#isV2) await freezeV2(this.#files, dir, true, FREEZE_MS);
    else await freezeV1(this.#files, dir, FREEZE_MS);
  }

  async thaw(): Promise<void> {
    const dir = this.#freezerDir();
    if (this.#isV2) await freezeV2(this.#files, dir, false, FREEZE_MS);
    else thawV1(this.#files, dir);
  }

  /** False when it is gone, also when it goes just now. */
  get frozen(): boolean {
    const [file, thawed] = this.#isV2 ? ["cgroup.freeze", "0"] : ["freezer.state", "THAWED"];
    return unlessGone(() => this.#files.read(`${this.#freezerDir()}/${file}`).trim(), thawed) !== thawed;
  }

  #freezerDir(): string {
    const dir = this.dirOf("freezer");
    if (dir === undefined) throw failure("freeze", new Error('the cgroup controller "freezer" is not mounted here'));
    return dir;
  }

  /** Kills all processes, also frozen ones, and returns when none is left; ETIMEDOUT when some do not die. */
  async killAll(): Promise<void> {
    const dir = this.#isV2 ? this.dirs[0] : undefined;
    // cgroup.kill: Linux 5.14.
    if (dir !== undefined && this.#files.exists(`${dir}/cgroup.kill`)) {
      attempt(`kill cgroup "${dir}"`, () => unlessGone(() => this.#files.write(`${dir}/cgroup.kill`, "1"), undefined));
    }
    const dead = await until(() => this.#killRound(), KILL_MS);
    if (!dead) {
      const left = this.processes().slice(0, 8).join(" ");
      throw failure(
        `kill the processes of cgroup "${this.id}"`,
        Object.assign(new Error(`${left} do not die`), { code: "ETIMEDOUT" }),
      );
    }
  }

  /**
   * One look at who is there, and SIGKILL for each. Frozen in the meantime, so that nobody forks faster than we look; a
   * frozen process of v1 dies only when thawed.
   */
  #killRound(): boolean {
    if (this.processes().length === 0) return true;
    const freezer = this.#isV2 ? undefined : this.dirOf("freezer");
    if (freezer !== undefined) unlessGone(() => this.#files.write(`${freezer}/freezer.state`, "FROZEN"), undefined);
    try {
      for (const pid of this.processes()) this.#machine.kill(pid);
    } finally {
      if (freezer !== undefined) thawV1(this.#files, freezer);
    }
    return false;
  }

  stats(): Stats {
    const dir = this.dirs[0];
    return this.#isV2 && dir !== undefined
      ? v2Stats(this.#files, dir)
      : v1Stats(this.#files, (controller) => this.dirOf(controller));
  }

  /** How many of its processes the kernel killed because memory ran out (Linux 4.13). 0 when the cgroup is gone. */
  oomKills(): number {
    const dir = this.dirOf("memory");
    const file = this.#isV2 ? "memory.events" : "memory.oom_control";
    return dir === undefined ? 0 : (table(this.#files, `${dir}/${file}`).get("oom_kill") ?? 0);
  }

  /** Where the kernel counts OOM kills, for whoever watches; the key is `oom_kill`. */
  get oomFile(): string | undefined {
    const dir = this.dirOf("memory");
    return dir === undefined ? undefined : `${dir}/${this.#isV2 ? "memory.events" : "memory.oom_control"}`;
  }

  /** Removes the cgroups and what the container made below them. Gone is fine; EBUSY while processes are in it. */
  async remove(): Promise<void> {
    const errors: unknown[] = [];
    for (const dir of this.dirs)
      await removeCgroup(this.#files, dir, this.#machine.removeMs).catch((error) => errors.push(error));
    if (errors.length > 0) throw errors[0];
  }
}

export interface CgroupsOptions {
  /** For tests: the folder below each hierarchy's root; `tsbox`. */
  readonly parent?: string;
  readonly files?: CgroupFiles;
  readonly kill?: Kill;
  /** How long removing waits for the kernel. */
  readonly removeMs?: number;
}

/** The machine's cgroups, as far as containers are concerned. */
export class Cgroups {
  readonly layout: Layout;
  readonly #machine: Machine;

  constructor(options: CgroupsOptions = {}) {
    const files = options.files ?? kernelFiles();
    this.layout = discover(files);
    this.#machine = {
      layout: this.layout,
      files,
      parent: options.parent ?? PARENT,
      kill: options.kill ?? sigkill,
      removeMs: options.removeMs ?? REMOVE_MS,
    };
  }

  /** Makes a container's cgroups, all or none; EEXIST when one of that id is there. */
  create(id: string): ContainerCgroup {
    makeTree(this.#machine.files, this.layout, this.#machine.parent, id);
    return this.open(id);
  }

  /** Those of a container that has them; nothing is looked at yet. */
  open(id: string): ContainerCgroup {
    return new ContainerCgroup(id, this.#machine);
  }

  /** Ids of everything in our folder. */
  list(): string[] {
    return listTree(this.#machine.files, this.layout, this.#machine.parent);
  }

  /** Removes our folder itself where it is empty. */
  removeParent(): void {
    removeParent(this.#machine.files, this.layout, this.#machine.parent);
  }

  /** Whether a controller is there. What it does for devices and freezing, cgroup v2 does without one. */
  has(controller: string): boolean {
    const isPartOfV2 = this.layout.mode === "v2" && ["devices", "freezer"].includes(controller);
    return isPartOfV2 || hierarchyOf(this.layout, controller) !== undefined;
  }
}

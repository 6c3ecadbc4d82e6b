import type { Value } from "../format/render.ts";
import { shortId } from "../names/id.ts";
import type { Surroundings } from "../surroundings.ts";
import type { PortSpec } from "../values/port.ts";
import { ago } from "../values/time.ts";
import { containerCgroups } from "./cgroups.ts";
import { networkState } from "./network.ts";
import { argsOf, type ContainerRecord } from "./record.ts";
import { type Condition, conditionOf } from "./state.ts";

/** Docker's words for what a container is doing. */
export const STATE_WORDS = ["created", "running", "paused", "restarting", "exited"] as const;
export type StateWord = (typeof STATE_WORDS)[number];

export const isStateWord = (text: string): text is StateWord => STATE_WORDS.some((word) => word === text);

export function stateWord(condition: Condition, id: string): StateWord {
  switch (condition.kind) {
    case "created":
    case "exited":
      return condition.kind;
    case "orphan":
      return condition.pid === undefined ? "exited" : "running";
    case "alive": {
      if (condition.state.status === "restarting") return "restarting";
      if (condition.state.status === "created") return "created";
      const groups = containerCgroups().open(id);
      return groups.exists && groups.frozen ? "paused" : "running";
    }
  }
}

/** A line of `tsbox ps`, by the names of Docker's templates. */
export interface Summary {
  readonly [key: string]: Value;
  readonly ID: string;
  readonly Names: string;
  readonly Image: string;
  readonly Command: string;
  readonly CreatedAt: string;
  readonly RunningFor: string;
  readonly State: StateWord;
  readonly Status: string;
  readonly Ports: string;
  readonly Labels: string;
}

export function summaryOf(s: Surroundings, record: ContainerRecord): Summary {
  const condition = conditionOf(s, record.id);
  const word = stateWord(condition, record.id);
  const ports = word === "created" || word === "exited" ? [] : (networkState(s, record.id)?.ports ?? []);
  return {
    ID: shortId(record.id),
    Names: record.name,
    Image: record.image.name,
    Command: JSON.stringify(cut(argsOf(record).join(" "), 30)),
    CreatedAt: record.created,
    RunningFor: `${ago(s.now() - Date.parse(record.created))} ago`,
    State: word,
    Status: statusText(s, condition, word),
    Ports: ports.map(portText).join(", "),
    Labels: Object.entries(record.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(","),
  };
}

function statusText(s: Surroundings, condition: Condition, word: StateWord): string {
  if (condition.kind === "created" || condition.state === undefined) return word === "created" ? "Created" : "Dead";
  const { state } = condition;
  const since = (time: string): string => ago(s.now() - Date.parse(time));
  switch (word) {
    case "created":
      return "Created";
    case "running":
      return `Up ${since(state.startedAt)}`;
    case "paused":
      return `Up ${since(state.startedAt)} (Paused)`;
    case "restarting":
      return `Restarting (${state.exitCode})${state.finishedAt === "" ? "" : ` ${since(state.finishedAt)} ago`}`;
    case "exited":
      return `Exited (${state.exitCode})${state.finishedAt === "" ? "" : ` ${since(state.finishedAt)} ago`}`;
  }
}

/** `127.0.0.1:8080->80/tcp` */
export const portText = ({ hostIp, hostPort, containerPort, protocol }: PortSpec): string =>
  `${hostAddress(hostIp)}:${hostPort}->${containerPort}/${protocol}`;

/** As clients write an address before a port. */
export const hostAddress = (hostIp: string): string =>
  hostIp === "" ? "0.0.0.0" : hostIp.includes(":") ? `[${hostIp}]` : hostIp;

const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

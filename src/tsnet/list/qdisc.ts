import type { LinkNames } from "../forms/names.ts";
import { classText, filterText, qdiscForm, qdiscText } from "../forms/qdisc.ts";
import type { TrafficControl } from "../look/index.ts";
import type { Topic } from "./topic.ts";

export const qdiscTopic: Topic = {
  name: "qdisc",
  description: "queueing disciplines of a namespace, with their classes and filters",
  examples: ["tsnet qdisc ls -n blue", "tsnet qdisc ls --json"],
  parts: ["tc"],
  form: "as tc -j qdisc",
  json: ({ snapshot, nameOf }) => (snapshot.tc?.qdiscs ?? []).map((qdisc) => qdiscForm(qdisc, nameOf)),
  text: ({ snapshot, nameOf }) => ({
    heading: ["LINK", "WHAT", "KIND", "HANDLE", "PARENT", "SETTINGS"],
    rows: snapshot.tc ? tcRows(snapshot.tc, nameOf) : [],
  }),
};

/** Each link's qdiscs, under each its classes and filters. */
export function tcRows({ qdiscs, classes, filters }: TrafficControl, nameOf: LinkNames): string[][] {
  const rows: string[][] = [];
  for (const qdisc of qdiscs) {
    const link = nameOf(qdisc.link);
    rows.push([link, "qdisc", qdisc.kind, qdisc.handle, qdisc.parent, qdiscText(qdisc)]);
    for (const each of classes)
      if (each.link === qdisc.link && qdisc.handle !== "0:" && each.handle.startsWith(qdisc.handle))
        rows.push([link, "class", each.kind, each.handle, each.parent, classText(each)]);
    const ingress = qdisc.kind === "ingress" || qdisc.kind === "clsact";
    for (const filter of filters) {
      const below = filter.parent === qdisc.handle || (ingress && filter.parent.startsWith("ffff:"));
      // Those without a handle stand for all of a priority.
      if (filter.link === qdisc.link && below && filter.handle !== 0 && filterText(filter, nameOf) !== "")
        rows.push([link, "filter", filter.kind, `pref ${filter.priority}`, filter.parent, filterText(filter, nameOf)]);
    }
  }
  return rows;
}

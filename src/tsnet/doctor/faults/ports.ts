import { about, type Finding } from "../finding.ts";
import { type Attached, isOn, nameOf, type Picture } from "../picture.ts";

/** Ends of pairs that are not on their bridge, or through which it lets nothing pass. */
export const bridgePorts = ({ host, attachments }: Picture): Finding[] =>
  attachments.flatMap((a) => ofAttachment(host.namespace.identity, a));

function ofAttachment(netns: string, a: Attached): Finding[] {
  const { hostEnd, bridge, bridgeName } = a;
  if (!hostEnd || bridgeName === undefined) return [];
  const scopes = [about.attachment(a.cached)];
  if (!bridge || hostEnd.master !== bridge.index)
    return [
      {
        fault: "off-bridge",
        sentence: `the host's end of ${nameOf(a)}, ${hostEnd.name}, is not on its bridge ${bridgeName}`,
        evidence: [hostEnd.master === undefined ? "it has no master" : `its master is link #${hostEnd.master}`],
        remedy: `ip link set ${hostEnd.name} master ${bridgeName}, or tsnet doctor --fix`,
        scopes,
        follows: ["bridge-missing"],
        ...(bridge && { fix: { kind: "master", netns, link: hostEnd.index, master: bridge.index } }),
      },
    ];
  const port = hostEnd.bridgePort;
  const found: Finding[] = [];
  if (port?.isolated && !isOn(a, "portIsolation"))
    found.push({
      fault: "port-isolated",
      sentence: `the bridge port of ${nameOf(a)}, ${hostEnd.name}, is isolated, though its network does not ask for it`,
      evidence: ["bridge -d link shows isolated on", 'the config has no "portIsolation": true'],
      remedy: `bridge link set dev ${hostEnd.name} isolated off`,
      scopes,
      fix: { kind: "unisolate", netns, link: hostEnd.index },
    });
  // A port whose link carries nothing is disabled by the kernel itself.
  if (port && port.state !== "forwarding" && hostEnd.running && bridge.up)
    found.push({
      fault: "port-not-forwarding",
      sentence: `the bridge ${bridgeName} does not forward through the port of ${nameOf(a)}, ${hostEnd.name}`,
      evidence: [`its state is ${port.state ?? "unknown"}`],
      remedy: `bridge link set dev ${hostEnd.name} state 3; with spanning tree, look for a loop`,
      scopes,
      follows: ["bridge-down", "container-end-down", "host-end-down"],
    });
  return found;
}

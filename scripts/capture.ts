/**
 * Records the messages of a fixture (src/netlink/…/NAME.hex) anew: runs each row's command under strace in a namespace of
 * its own and writes what was sent or received below the row's head. Needs root, strace and the commands.
 *
 *     scripts/bun scripts/capture.ts src/netlink/rtnl/link.hex [row …]
 *
 * A row's head says how it comes about:
 *
 *     @ vxlan
 *     # setup: ip link add br0 type bridge          (before the row's own; lines above the first row count for all)
 *     # $ ip link add vx7 type vxlan id 7           ($PEER is a second namespace's name)
 *     # take: sent RTM_NEWLINK                      (or: received RTM_NEWLINK with vx7 as newBridgeLink)
 */

import { must, randomName, run } from "../netns-tests/support/run.ts";
import * as rtnl from "../src/netlink/rtnl/index.ts";
import * as tc from "../src/netlink/tc/index.ts";
import { DecodeError, type Message, splitMessages } from "../src/netlink/wire/index.ts";

interface Seen {
  readonly direction: "sent" | "received";
  readonly bytes: Uint8Array;
}

interface Take {
  readonly direction: string;
  readonly message: Message;
  /** Text that must stand in it. */
  readonly having: string | undefined;
  /** The family AF_BRIDGE has messages of its own under the numbers of links. */
  readonly ofBridge: boolean;
}

const schemas = new Map<string, Message>();
for (const [name, value] of Object.entries({ ...rtnl, ...tc })) {
  if (!isMessage(value)) continue;
  schemas.set(name, value);
  if (!name.includes("Bridge")) schemas.set(value.name, value);
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && "decode" in value && "locate" in value;
}

/** Everything that went over netlink, in order. */
export function messagesOf(strace: string): Seen[] {
  const seen: Seen[] = [];
  let direction: Seen["direction"] = "sent";
  let hex = "";
  const flush = (): void => {
    const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    hex = "";
    for (const message of wholeMessages(bytes)) seen.push({ direction, bytes: message });
  };
  for (const line of strace.split("\n")) {
    const dump = /^ \| [0-9a-f]{5} {2}(.{48})/.exec(line);
    if (dump) hex += (dump[1] ?? "").replace(/\s/g, "");
    const call = /^(?:\[pid +\d+\] )?(sendto|sendmsg|recvmsg|recvfrom)\(/.exec(line);
    if (!call) continue;
    flush();
    direction = call[1]?.startsWith("send") ? "sent" : "received";
  }
  flush();
  return seen;
}

/** As many as there are: for some dumps ip(8) sends its whole buffer, with zeros behind the message. */
function* wholeMessages(bytes: Uint8Array): Generator<Uint8Array> {
  try {
    for (const message of splitMessages(bytes)) yield message.bytes;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}

function parseTake(text: string): Take {
  const match = /^(sent|received) (\w+)(?: with (\S+))?(?: as (\w+))?$/.exec(text);
  const message = schemas.get(match?.[4] ?? match?.[2] ?? "");
  if (!match?.[1] || !message) throw new Error(`cannot understand "take: ${text}"`);
  return { direction: match[1], message, having: match[3], ofBridge: /Bridge/.test(match[4] ?? "") };
}

async function record(setup: readonly string[], command: string, take: Take): Promise<Uint8Array> {
  const [netns, peer] = [randomName("t"), randomName("t")];
  const inside = ["ip", "netns", "exec", netns];
  const options = { env: { ...(process.env as Record<string, string>), PEER: peer } };
  try {
    for (const name of [netns, peer]) await must(["ip", "netns", "add", name]);
    for (const line of setup) await must([...inside, "sh", "-ec", line], options);
    const calls = "sendto,sendmsg,recvmsg,recvfrom";
    const trace = ["strace", "-f", "-e", `trace=${calls}`, "-e", `raw=${calls}`, "-e", "write=all", "-e", "read=all"];
    const { stderr } = await run([...inside, ...trace, "sh", "-c", `exec ${command}`], options);
    const all = messagesOf(stderr);
    // ip(8) asks with an empty RTM_NEWLINK first whether the kernel knows it: of what was sent, the last counts.
    const found = (take.direction === "sent" ? all.reverse() : all).find(
      ({ direction, bytes }) =>
        direction === take.direction &&
        new DataView(bytes.buffer, bytes.byteOffset).getUint16(4, true) === take.message.type &&
        (take.message.type > rtnl.RTM.SETLINK || (bytes[16] === rtnl.AF.BRIDGE) === take.ofBridge) &&
        (take.having === undefined || Buffer.from(bytes).includes(take.having)),
    );
    if (!found) throw new Error(`${command}: nothing ${take.direction} of type ${take.message.name}:\n${stderr}`);
    return found.bytes;
  } finally {
    for (const name of [netns, peer]) await run(["ip", "netns", "del", name]);
  }
}

/** Hex in words of four bytes, a line for each field, which the schema names. */
function annotate(message: Message, bytes: Uint8Array): string[] {
  const lines: { path: string; words: string[] }[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    const path = message.locate(bytes, at);
    const word = Buffer.from(bytes.subarray(at, at + 4)).toString("hex");
    const last = lines.at(-1);
    if (last?.path === path && last.words.length < 8) last.words.push(word);
    else lines.push({ path, words: [word] });
  }
  return lines.map(({ path, words }) => `${words.join(" ").padEnd(35)} # ${path}`);
}

async function main(path: string, only: readonly string[]): Promise<void> {
  const parts = (await Bun.file(path).text()).split(/^(?=@ )/m);
  const prelude = parts[0]?.startsWith("@ ") ? "" : (parts.shift() ?? "");
  const setupOf = (text: string): string[] => [...text.matchAll(/^# setup: (.+)$/gm)].map((m) => m[1] ?? "");
  const version = /iproute2-[\d.]+/.exec(await must(["ip", "-V"]))?.[0];
  const kernel = (await must(["uname", "-r"])).trim().replace(/-.*/, "");
  const out = [prelude];
  for (const row of parts) {
    const name = /^@ (.+)$/m.exec(row)?.[1] ?? "";
    const command = /^# \$ (.+)$/m.exec(row)?.[1];
    const wanted = /^# take: (.+)$/m.exec(row)?.[1];
    if (!command || !wanted || (only.length > 0 && !only.includes(name))) {
      out.push(row);
      continue;
    }
    const take = parseTake(wanted);
    const bytes = await record([...setupOf(prelude), ...setupOf(row)], command, take);
    const head = row.split("\n").filter((line) => /^(@|# (\$|take:|setup:|note:))/.test(line));
    out.push([...head, `# recorded: Linux ${kernel}, ${version}`, ...annotate(take.message, bytes), "", ""].join("\n"));
    console.log(`${name}: ${bytes.length} bytes`);
  }
  await Bun.write(path, `${out.join("").trimEnd()}\n`);
}

if (import.meta.main) {
  const [path, ...only] = process.argv.slice(2);
  if (!path) throw new Error("usage: scripts/bun scripts/capture.ts FIXTURE.hex [row …]");
  await main(path, only);
}

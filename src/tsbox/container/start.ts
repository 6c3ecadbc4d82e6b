import type { Fd } from "../../../native/addon.ts";
import { MonitorClient, type MonitorListener } from "../client/monitor.ts";
import { EXIT, Failure, messageOf } from "../failure.ts";
import { encodeContainer } from "../helper/encode.ts";
import { request } from "../helper/frames.ts";
import { FILES } from "../helper/records.ts";
import { asFailure } from "../known-errors.ts";
import { hostsFile, resolvConf } from "../network/files.ts";
import { readText } from "../store/files.ts";
import { loadImage } from "../store/images.ts";
import { activeIn, containerFolder, netnsPath, runFolder } from "../store/places.ts";
import type { Surroundings } from "../surroundings.ts";
import { noteRunFolder } from "./boot.ts";
import { containerCgroups } from "./cgroups.ts";
import { devicesOf } from "./devices.ts";
import { refusal, runHelperAside } from "./helper.ts";
import { beginNetwork, connectNetwork, type NetworkState } from "./network.ts";
import type { ContainerRecord } from "./record.ts";
import { release } from "./release.ts";
import { hostnameOf } from "./settings.ts";
import { containerConfig } from "./spec.ts";
import { activePath } from "./state.ts";
import { whileWorking } from "./work.ts";

export interface StartOptions {
  /** Takes the container's output from its first byte on. */
  readonly listener?: MonitorListener | undefined;
  /** Whether standard input is this client's. */
  readonly stdin?: boolean;
  /** First size of its terminal. */
  readonly size?: { readonly rows: number; readonly columns: number } | undefined;
  /** Nobody waits for its end, so the monitor calls us when it has ended; otherwise only when who waited has gone. */
  readonly unattended: boolean;
}

/**
 * Starts a container whose lock is held, and gives the connection to its monitor. What cannot be started leaves nothing
 * behind in the kernel; the Failure's status is that of the command: 126, 127 or 125.
 */
export async function startContainer(
  s: Surroundings,
  record: ContainerRecord,
  options: StartOptions,
): Promise<MonitorClient> {
  const { id } = record;
  if (loadImage(s.native, s.places, record.image.id) === undefined)
    throw new Failure(`the image of container ${record.name} is gone: ${record.image.name}`, "import it again", {
      status: 125,
    });
  // From here on a killed command leaves something, and the next one looks in this folder for it.
  s.native.makeDirs(activeIn(s.places), 0o700);
  noteRunFolder(s);
  s.native.replaceFile(activePath(s, id), new Uint8Array(), 0o600);
  try {
    return await build(s, record, options);
  } catch (error) {
    await release(s, record).catch((left: unknown) => {
      s.err(`tsbox: cannot clean up (tsbox system gc tries again): ${left instanceof Error ? left.message : left}\n`);
    });
    const known = asFailure(error);
    if (known) throw new Failure(known.message, known.remedy, { status: Math.max(known.status, 125), cause: error });
    throw error;
  }
}

/** Makes the container while its network namespace is connected, which another process does. */
async function build(s: Surroundings, record: ContainerRecord, options: StartOptions): Promise<MonitorClient> {
  const devices = devicesOf(record);
  s.native.makeDirs(runFolder(s.places, record.id), 0o700);
  const network = record.network === "host" ? undefined : await beginNetwork(s, record);
  const [making, connecting] = await whileWorking(s, record.id, (held) => {
    const connected = network && connectNetwork(s, record, network, held);
    const made = make(s, record, { options, devices, network, connected, held });
    // Both have an end before anything is taken back.
    return Promise.allSettled([made, connected]);
  });
  if (making.status === "rejected") throw making.reason;
  if (connecting.status === "rejected") throw connecting.reason;
  if (connecting.value !== undefined) writeHosts(s, record, connecting.value);
  return begin(s, record, options);
}

interface Making {
  readonly options: StartOptions;
  readonly devices: ReturnType<typeof devicesOf>;
  readonly network: NetworkState | undefined;
  readonly connected: Promise<NetworkState> | undefined;
  readonly held: Fd | undefined;
}

/** Makes the container up to its program. */
async function make(
  s: Surroundings,
  record: ContainerRecord,
  { options, devices, network, connected, held }: Making,
): Promise<void> {
  const { id } = record;
  const groups = containerCgroups().create(id);
  for (const warning of groups.setLimits(record.limits)) s.err(`tsbox: ${warning}\n`);
  devices.limit(groups);
  writeNetworkFiles(s, record, network);
  for (const { source } of record.binds) makeSource(s, source);
  const config = await containerConfig(s, record, {
    groups,
    devices: devices.config,
    netns: network === undefined ? undefined : netnsPath(s.places, id),
    size: options.size,
    atEnd: { ...endCommand(s, id), onlyAlone: !options.unattended },
  });
  // A kernel parameter of the network may be one of its link.
  if (Object.keys(record.sysctls).length > 0) await connected;
  await runHelperAside(s, ["create", runFolder(s.places, id)], encodeContainer(config), held);
}

/** Connects to the monitor and starts the program. */
async function begin(
  s: Surroundings,
  { id }: ContainerRecord,
  { listener, stdin = false }: StartOptions,
): Promise<MonitorClient> {
  const client = await MonitorClient.connect(`${runFolder(s.places, id)}/${FILES.socket}`, listener);
  if (client === undefined) throw new Failure("the container's monitor does not answer");
  if (listener !== undefined) await client.must(request.attach({ stdin, output: true, lossless: true }), "attach");
  const answer = await client.request(request.start());
  if (answer.type === "error") {
    client.close();
    throw refusal(answer.text, answer.exitCode);
  }
  return client;
}

/** A folder of the host's for -v that is not there yet, as Docker makes it. */
function makeSource(s: Surroundings, source: string): void {
  try {
    if (s.native.stat(source, true) === undefined) s.native.makeDirs(source, 0o755);
  } catch (error) {
    const message = `cannot make the folder ${JSON.stringify(source)} for -v: ${messageOf(error)}`;
    throw new Failure(message, "name a folder or file that is there", { status: EXIT.launcher, cause: error });
  }
}

/** In place, since the container may have the file mounted. */
function writeHosts(s: Surroundings, record: ContainerRecord, { attached }: NetworkState): void {
  const text = hostsFile(hostnameOf(record), attached?.addresses[0]?.replace(/\/.*/, ""));
  const path = `${containerFolder(s.places, record.id)}/hosts`;
  s.native.writeAt(path, 0, new TextEncoder().encode(text), 0o644, true);
}

/**
 * The files of a container that the host writes: seen as /etc/hosts, /etc/hostname and /etc/resolv.conf. On the host's network
 * they say what the host's say.
 */
function writeNetworkFiles(s: Surroundings, record: ContainerRecord, network: NetworkState | undefined): void {
  const folder = containerFolder(s.places, record.id);
  const ofHost = (name: string): string => readText(s.native, `/etc/${name}`, 1024 * 1024) ?? "";
  const put = (name: string, text: string): void =>
    s.native.replaceFile(`${folder}/${name}`, new TextEncoder().encode(text), 0o644);
  if (network === undefined) {
    put("hosts", ofHost("hosts"));
    put("resolv.conf", ofHost("resolv.conf"));
    return;
  }
  // Its address comes later.
  put("hosts", hostsFile(hostnameOf(record), undefined));
  put("hostname", `${hostnameOf(record)}\n`);
  put("resolv.conf", resolvConf(ofHost("resolv.conf")));
}

/** What the monitor runs when the container has ended for good. */
const endCommand = (s: Surroundings, id: string): { args: string[]; env: string[] } => ({
  args: [`${s.ownFolder}/tsbox`, "__ended", id],
  env: [`TSBOX_DATA=${s.places.data}`, `TSBOX_RUN=${s.places.run}`, "PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
});

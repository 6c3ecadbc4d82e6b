import { expect } from "bun:test";
import { loadNative } from "../../native/load.ts";
import { ALL_PARTS, findNamespaces, lookAt, type Namespace, readNamespace } from "../../src/tsnet/look/index.ts";
import { makeNetns } from "../support/netns.ts";
import { must, randomName } from "../support/run.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";

const native = loadNative();
const lacks = [lacksRoot, lacksCommand("ip", "unshare", "nsenter", "python3")];

/** A program that says `ready` when it has done what it was asked, and stays. */
async function hold(cmd: readonly string[]): Promise<{ pid: number; end(): Promise<void> } & AsyncDisposable> {
  const child = Bun.spawn([...cmd], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  if (!new TextDecoder().decode(value).includes("ready")) throw new Error(`${cmd.join(" ")}: ended`);
  const end = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return { pid: child.pid, end, [Symbol.asyncDispose]: end };
}

const find = (): readonly Namespace[] => findNamespaces(native).namespaces;
const byInode = (inode: number): Namespace | undefined => find().find((ns) => ns.inode === inode);

/** Python says the number of the namespace it is in: `ready 4026…`. */
const inodeOf = async (path: string): Promise<number> => Number((await must(["stat", "-Lc", "%i", path])).trim());

testUnless(lacks, "named namespaces are found by name, and lead to each other through their links", async () => {
  await using a = await makeNetns();
  await using b = await makeNetns();
  await a.exec("ip", "link", "add", "left", "type", "veth", "peer", "name", "right", "netns", b.name);
  const all = find();
  const [ns, other] = [a, b].map((place) => all.find((each) => each.name === place.name));
  expect(ns?.handles[0]).toMatchObject({ kind: "named", path: `/run/netns/${a.name}` });
  expect(ns?.inode).toBe(await inodeOf(a.path));
  if (!ns || !other) throw new Error("not found");
  const look = await lookAt({ native }, all, ["links"], [ns, other]);
  const link = look.snapshots[0]?.links?.find((each) => each.name === "left");
  expect(link && look.peerOf(ns.identity, link)).toMatchObject({ namespace: { name: b.name }, name: "right" });
});

testUnless(
  lacks,
  "a namespace held only by a process, a thread, a descriptor or a bind mount elsewhere is found",
  async () => {
    await using process = await hold(["unshare", "--net", "sh", "-c", "echo ready; exec sleep 60"]);
    expect(byInode(await inodeOf(`/proc/${process.pid}/ns/net`))).toMatchObject({
      name: undefined,
      processes: [{ pid: process.pid, name: "sleep" }],
      handles: [{ kind: "process" }],
    });

    const unshare = "import os,sys,time,threading,ctypes\nlibc=ctypes.CDLL(None)\ndef t():\n";
    const wait = "time.sleep(60)";
    const thread = `${unshare}    libc.unshare(0x40000000); print('ready',flush=True); ${wait}\nthreading.Thread(target=t).start(); ${wait}`;
    await using threaded = await hold(["python3", "-c", thread]);
    const tid = (await must(["ls", `/proc/${threaded.pid}/task`]))
      .trim()
      .split("\n")
      .map(Number)
      .find((t) => t !== threaded.pid);
    const threadInode = await inodeOf(`/proc/${threaded.pid}/task/${tid}/ns/net`);
    expect(byInode(threadInode)).toMatchObject({
      processes: [],
      handles: [{ kind: "thread", text: `thread ${tid} of process ${threaded.pid}` }],
    });

    // Opened, left, and by a bind mount that is gone: what the descriptor is called then says nothing.
    const name = randomName("t");
    await must(["ip", "netns", "add", name]);
    const inode = await inodeOf(`/run/netns/${name}`);
    await using holder = await hold([
      "sh",
      "-c",
      `exec 7</run/netns/${name}; ip netns del ${name}; echo ready; exec sleep 60`,
    ]);
    const held = byInode(inode);
    expect(held).toMatchObject({ handles: [{ kind: "descriptor", text: `descriptor 7 of process ${holder.pid}` }] });
    const snapshot = held && (await readNamespace({ native }, held, ["links"]));
    expect(snapshot?.links?.map((link) => link.name)).toContain("lo");

    const bind = "touch '/run/a b'; unshare --net mount --bind /proc/self/ns/net '/run/a b'; echo ready; exec sleep 60";
    await using mounted = await hold([
      "unshare",
      "--mount",
      "--propagation",
      "private",
      "sh",
      "-c",
      `mount -t tmpfs none /run; ${bind}`,
    ]);
    const there = find().find((ns) => ns.handles.some((h) => h.text === "/run/a b"));
    expect(there?.handles).toEqual([
      { kind: "mounted", text: "/run/a b", path: `/proc/${mounted.pid}/root/run/a b`, pid: mounted.pid },
    ]);
    expect(there && (await readNamespace({ native }, there, ["links"])).remarks).toEqual([]);
  },
);

testUnless(
  lacks,
  "a namespace that ends between being found and being read is a remark, and the others are read",
  async () => {
    await using a = await makeNetns();
    const process = await hold(["unshare", "--net", "sh", "-c", "echo ready; exec sleep 60"]);
    const gone = byInode(await inodeOf(`/proc/${process.pid}/ns/net`));
    const stays = find().find((ns) => ns.name === a.name);
    await process.end();
    if (!gone || !stays) throw new Error("not found");
    const { snapshots } = await lookAt({ native }, [gone, stays], ["links", "addrs"]);
    expect(snapshots[0]?.remarks).toEqual([{ about: "namespace", text: "cannot be opened: it is gone" }]);
    expect(snapshots[0]?.links).toBeUndefined();
    expect(snapshots[1]?.links?.map((link) => link.name)).toEqual(["lo"]);
  },
);

testUnless(lacks, "a process ID that is another's by now does not lead into another namespace", async () => {
  await using a = await makeNetns();
  const ns = find().find((each) => each.name === a.name);
  if (!ns) throw new Error("not found");
  const stolen: Namespace = { ...ns, identity: ns.identity.replace(/\d$/, (d) => String((Number(d) + 1) % 10)) };
  const { remarks, links } = await readNamespace({ native }, stolen, ["links"]);
  expect(links).toBeUndefined();
  expect(remarks[0]?.text).toContain("cannot be opened");
});

testUnless(lacks, "every part of a namespace is read without a remark", async () => {
  await using a = await makeNetns();
  const ns = find().find((each) => each.name === a.name);
  if (!ns) throw new Error("not found");
  const snapshot = await readNamespace({ native }, ns, ALL_PARTS);
  expect(snapshot.remarks).toEqual([]);
  const { namespace: _, remarks: __, ...parts } = snapshot;
  expect(Object.keys(parts).sort()).toEqual([...ALL_PARTS].sort());
  expect(snapshot.sysctls?.get("net/ipv4/ip_forward")).toMatch(/^[01]$/);
});

testUnless(lacks, "a name among those of ip netns with nothing bound to it is remarked on", async () => {
  const name = randomName("t");
  const path = `/run/netns/${name}`;
  await must(["mkdir", "-p", "/run/netns"]);
  await Bun.write(path, "");
  try {
    const { remarks } = findNamespaces(native);
    expect(remarks).toContainEqual({ about: path, text: expect.stringContaining("leads to no namespace") });
  } finally {
    await must(["rm", path]);
  }
});

testUnless(
  lacks,
  "a name that another mount covers is none, and one beneath it is seen again when that is gone",
  async () => {
    const name = randomName("t");
    await must(["ip", "netns", "add", name]);
    try {
      const script = [
        "mount -t tmpfs tmpfs /run/netns",
        `exec ${process.execPath} -e '
        const { findNamespaces } = await import("${import.meta.dir}/../../src/tsnet/look/index.ts");
        const { loadNative } = await import("${import.meta.dir}/../../native/load.ts");
        const { namespaces, remarks } = findNamespaces(loadNative());
        const about = (all) => all.filter((each) => JSON.stringify(each).includes("${name}"));
        console.log(JSON.stringify([about(namespaces).map((ns) => ns.name ?? ns.handles), about(remarks)]));'`,
      ].join("; ");
      // In a mount namespace and among processes of its own: nobody else is there who sees the name.
      const alone = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", script];
      expect(JSON.parse(await must(alone))).toEqual([[], []]);
      expect(find().some((ns) => ns.name === name)).toBeTrue();
    } finally {
      await must(["ip", "netns", "del", name]);
    }
  },
);

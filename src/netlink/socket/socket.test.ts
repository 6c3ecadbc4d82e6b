import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { attrs, cstring, EncodeError, message, struct, tagged, u8, u16, u32 } from "../wire/index.ts";
import { ack, answer, DONE, done, ERROR, fakeKernel, type Kernel, longAck, NOOP, OVERRUN, tlv } from "./fake-kernel.ts";
import { change, isNetlinkError, NetlinkError, NLM_F, netlinkSocket, request } from "./index.ts";

const header = struct({ family: u8, hole: u8, type: u16, index: u32, flags: u32, change: u32 });
const vxlan = attrs({ vni: [1, u32], port: [15, u16] });
const fields = attrs({ name: [3, cstring], linkInfo: [18, tagged({ kind: 1, data: 2 }, { vxlan })] });
const newLink = message([16, "RTM_NEWLINK"], header, fields);
const getLink = message([18, "RTM_GETLINK"], header, fields);

const MSG = 1;
const OFFS = 2;
const POLICY = 4;
const MISS_TYPE = 5;
const MISS_NEST = 6;

const addVxlan = (name: string) =>
  change(newLink, { attrs: { name, linkInfo: { kind: "vxlan", data: { vni: 2 ** 24 } } } }, NLM_F.CREATE, name);
const plain = (name: string) => change(newLink, { attrs: { name } }, 0, name);
const link = (seq: number, name: string, flags: number = NLM_F.MULTI) =>
  answer(16, flags, seq, newLink.encode({ attrs: { name } }).subarray(16));

const socketOf = (kernel: Kernel) => {
  const transport = fakeKernel(kernel);
  return { transport, socket: netlinkSocket(transport, { timeoutMs: 50 }) };
};
const dumpOf = (kernel: Kernel) => {
  const { transport, socket } = socketOf(kernel);
  return { transport, links: socket.dump(getLink, {}, newLink).then((all) => all.map((l) => l.attrs.name)) };
};
/** Answers the nth exchange with the nth of these; the last one for ever. */
const inTurn =
  (...kernels: Kernel[]): Kernel =>
  (requests) =>
    (kernels.length > 1 ? kernels.shift() : kernels[0])?.(requests) ?? [];
const systemError = (code: string, errno: number) => Object.assign(new Error(`recvmsg: ${code}`), { code, errno });
const fails =
  (error: Error): Kernel =>
  () => {
    throw error;
  };
const messageOf = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (error: unknown) => (isNetlinkError(error) ? error.message : error),
  );

describe("requests", () => {
  test("are numbered, flagged and sent at once", async () => {
    const { transport, socket } = socketOf((all) => all.map((r) => ack(r)));
    await socket.commit(plain("a"), plain("b"));
    await socket.commit(plain("c"));
    expect(transport.seen.map((all) => all.map((r) => r.seq))).toEqual([[1, 2], [3]]);
    expect(transport.seen[0]?.[0]).toMatchObject({ type: 16, flags: NLM_F.REQUEST | NLM_F.ACK });
    socket.close();
    expect(transport.closed()).toBe(true);
  });

  test("none at all are not sent", async () => {
    const { transport, socket } = socketOf(() => []);
    await socket.commit();
    expect(await socket.exchange([])).toEqual([]);
    expect(transport.seen).toEqual([]);
  });

  test("that cannot be written name themselves and the field, and nothing is sent", async () => {
    const { transport, socket } = socketOf((all) => all.map((r) => ack(r)));
    const bad = change(newLink, { header: { family: 256 } }, 0, "vx7");
    const error = await socket.commit(plain("a"), bad).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(EncodeError);
    expect((error as Error).message).toBe('RTM_NEWLINK "vx7": header.family: 256 is not an integer in 0..255');
    expect(transport.seen).toEqual([]);
  });
});

describe("acks", () => {
  test("may come late and out of order", async () => {
    const { socket } = socketOf(async ([a, b, c]) => {
      await Bun.sleep(1);
      return a && b && c ? [ack(c), ack(a, 17), ack(b)] : [];
    });
    const outcomes = await socket.exchange([plain("a"), plain("b"), plain("c")]);
    expect(outcomes.map((o) => [o.answered, o.error?.code])).toEqual([
      [true, "EEXIST"],
      [true, undefined],
      [true, undefined],
    ]);
  });

  test("of other sequence numbers are passed over, and NLMSG_NOOP", async () => {
    const { socket } = socketOf(([r]) =>
      r ? [ack({ ...r, seq: 0 }, 1), ack({ ...r, seq: r.seq + 1 }, 1), answer(NOOP, 0, r.seq), ack(r)] : [],
    );
    expect(await messageOf(socket.commit(plain("a")))).toBe("no error");
  });

  test("that are missing for one of several requests are an error of that one", async () => {
    const { socket } = socketOf(([a, _b, c]) => (a && c ? [ack(a), ack(c)] : []));
    const all = [plain("a"), plain("b"), plain("c")];
    expect((await socket.exchange(all)).map((o) => o.answered)).toEqual([true, false, true]);
    expect(await messageOf(socket.commit(...all))).toBe(
      'RTM_NEWLINK "b": EPROTO: the kernel did not acknowledge the request',
    );
  });

  test("are not replaced by an echoed message", async () => {
    const { socket } = socketOf(([r]) => (r ? [link(r.seq, "a", 0)] : []));
    expect(await messageOf(socket.commit(plain("a")))).toContain("did not acknowledge");
  });

  test("a request sent without NLM_F_ACK needs none", async () => {
    const { socket } = socketOf(() => []);
    expect(await messageOf(socket.commit(request(newLink, {}, NLM_F.REQUEST)))).toBe("no error");
  });

  test("of success may carry a warning", async () => {
    const { socket } = socketOf(([r]) => (r ? [ack(r, 0, [tlv(MSG, "option is ignored")])] : []));
    expect(await socket.exchange([plain("a")])).toMatchObject([
      { answered: true, error: undefined, warning: "option is ignored" },
    ]);
  });
});

describe("refusals", () => {
  const said = [tlv(MSG, "VXLAN ID must be lower than 16777216"), tlv(OFFS, 60)];
  const text = 'RTM_NEWLINK "vx7": ERANGE: VXLAN ID must be lower than 16777216 (attrs.linkInfo.data.vni, offset 60)';

  test("say what was attempted, what the kernel said, and about which field", async () => {
    const { socket } = socketOf(([r]) => (r ? [ack(r, 34, said)] : []));
    const error = await socket.commit(addVxlan("vx7")).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NetlinkError);
    expect(error).toMatchObject({
      message: text,
      op: 'RTM_NEWLINK "vx7"',
      errno: 34,
      code: "ERANGE",
      extack: { message: "VXLAN ID must be lower than 16777216", path: "attrs.linkInfo.data.vni", offset: 60 },
    });
  });

  test("are the same with the whole request in the ack", async () => {
    const { socket } = socketOf(([r]) => (r ? [longAck(r, 34, said)] : []));
    expect(await messageOf(socket.commit(addVxlan("vx7")))).toBe(text);
  });

  test("find the field of the second request in the second request", async () => {
    const { socket } = socketOf(([a, b]) => (a && b ? [ack(a), ack(b, 34, said)] : []));
    expect(await messageOf(socket.commit(plain("a"), addVxlan("vx7")))).toBe(text);
  });

  test("without words have those of errno", async () => {
    const { socket } = socketOf(([r]) => (r ? [ack(r, 17)] : []));
    expect(await messageOf(socket.commit(plain("vx7")))).toBe('RTM_NEWLINK "vx7": EEXIST: File exists');
  });

  test("with a number that has no name have the number", async () => {
    const { socket } = socketOf(([r]) => (r ? [ack(r, 4711)] : []));
    expect(await messageOf(socket.commit(plain("vx7")))).toBe('RTM_NEWLINK "vx7": errno 4711: unknown error');
  });

  test.each([
    ["in the message", [tlv(MISS_TYPE, 3)], "(missing attrs.name)"],
    ["in a nest", [tlv(MISS_TYPE, 1), tlv(MISS_NEST, 56)], "(missing attrs.linkInfo.data.vni)"],
    ["in the first nest of a nest", [tlv(MISS_TYPE, 2), tlv(MISS_NEST, 40)], "(missing attrs.linkInfo.data)"],
    ["that the schema does not know", [tlv(MISS_TYPE, 99)], "(missing attrs.attribute 99)"],
  ])("name the attribute that is missing %s", async (_where, tlvs, where) => {
    const { socket } = socketOf(([r]) => (r ? [ack(r, 22, tlvs)] : []));
    expect(await messageOf(socket.commit(addVxlan("vx7")))).toBe(
      `RTM_NEWLINK "vx7": EINVAL: Invalid argument ${where}`,
    );
  });

  test("with a policy beside the words keep the words", async () => {
    const policy = tlv(POLICY, Buffer.concat([tlv(1, 2), tlv(3, 4)]));
    const { socket } = socketOf(([r]) =>
      r ? [ack(r, 34, [tlv(MSG, "integer out of range"), policy, tlv(OFFS, 60)])] : [],
    );
    expect(await messageOf(socket.commit(addVxlan("vx7")))).toBe(
      'RTM_NEWLINK "vx7": ERANGE: integer out of range (attrs.linkInfo.data.vni, offset 60)',
    );
  });

  test("whose words cannot be read still have their number", async () => {
    const broken = Uint8Array.of(0xff, 0xff, 1, 0, 65, 66, 67, 0);
    const { socket } = socketOf(([r]) => (r ? [ack(r, 17, [broken])] : []));
    expect(await messageOf(socket.commit(plain("vx7")))).toBe('RTM_NEWLINK "vx7": EEXIST: File exists');
  });

  test("are the first of several for one request", async () => {
    const { socket } = socketOf(([r]) => (r ? [ack(r, 17), ack(r, 22)] : []));
    expect(await messageOf(socket.commit(plain("a")))).toContain("EEXIST");
  });
});

describe("an answer", () => {
  test.each<[string, Kernel, string]>([
    ["of garbage", () => [Buffer.from("no netlink message at all")], "EPROTO: garbled answer: nlmsghdr: length "],
    [
      "cut inside a header",
      ([r]) => (r ? [ack(r).subarray(0, 10)] : []),
      "EPROTO: garbled answer: need 16 bytes, have 10",
    ],
    [
      "with an ack that has no number",
      ([r]) => (r ? [answer(ERROR, 0, r.seq)] : []),
      "EPROTO: garbled answer: nlmsgerr: need 4 bytes, have 0",
    ],
    ["of nothing", () => [], "EPROTO: the kernel did not acknowledge the request"],
    ["with NLMSG_OVERRUN", ([r]) => (r ? [answer(OVERRUN, 0, r.seq)] : []), "ENOBUFS: No buffer space available"],
    ["that does not come", fails(systemError("ETIMEDOUT", 110)), "ETIMEDOUT: no answer within 50 ms"],
    ["that overran the buffer", fails(systemError("ENOBUFS", 105)), "ENOBUFS: recvmsg: ENOBUFS"],
  ])("%s is an error", async (_name, kernel, text) => {
    expect(await messageOf(socketOf(kernel).socket.commit(plain("a")))).toStartWith(`RTM_NEWLINK "a": ${text}`);
  });

  test("that fails for many requests names the first and their number", async () => {
    const { socket } = socketOf(fails(systemError("ETIMEDOUT", 110)));
    const many = Array.from({ length: 1000 }, (_, i) => plain(`a${i}`));
    expect(await messageOf(socket.commit(...many))).toBe(
      'RTM_NEWLINK "a0" and 999 more: ETIMEDOUT: no answer within 50 ms',
    );
  });

  test("of random bytes is read or a NetlinkError", async () => {
    const bytes = fc.uint8Array({ maxLength: 80 });
    const messages = fc.tuple(fc.constantFrom(ERROR, DONE, 16), fc.nat({ max: 0xffff }), bytes);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(bytes, messages), { maxLength: 3 }), async (parts) => {
        const { socket } = socketOf(([r]) =>
          parts.map((p) => (Array.isArray(p) ? answer(p[0], p[1], r?.seq ?? 0, p[2]) : p)),
        );
        const outcome = await socket.exchange([plain("a")]).catch((e: unknown) => e);
        expect(Array.isArray(outcome) || outcome instanceof NetlinkError).toBe(true);
      }),
    );
  });
});

describe("get", () => {
  const get = (kernel: Kernel) => socketOf(kernel).socket.get(getLink, { attrs: { name: "a" } }, newLink, "a");

  test("gives the one answer", async () => {
    expect((await get(([r]) => (r ? [link(r.seq, "a", 0), ack(r)] : []))).attrs.name).toBe("a");
  });

  test.each<[string, Kernel, string]>([
    ["nothing but an ack", ([r]) => (r ? [ack(r)] : []), "EPROTO: expected RTM_NEWLINK, got type none"],
    ["another type", ([r]) => (r ? [answer(17, 0, r.seq), ack(r)] : []), "EPROTO: expected RTM_NEWLINK, got type 17"],
    ["a refusal", ([r]) => (r ? [ack(r, 19)] : []), "ENODEV: No such device"],
  ])("answered by %s fails", async (_name, kernel, text) => {
    expect(await messageOf(get(kernel))).toBe(`RTM_GETLINK "a": ${text}`);
  });
});

describe("a dump", () => {
  test("is joined from its parts, without messages of other types and numbers", async () => {
    const { transport, links } = dumpOf(([r]) =>
      r
        ? [
            link(r.seq, "a"),
            link(0, "other"),
            link(r.seq + 1, "other"),
            answer(20, NLM_F.MULTI, r.seq),
            link(r.seq, "b"),
            done(r),
          ]
        : [],
    );
    expect(await links).toEqual(["a", "b"]);
    expect(transport.seen[0]?.[0]?.flags).toBe(NLM_F.REQUEST | NLM_F.DUMP);
  });

  test("may be empty, and end without an error number", async () => {
    expect(await dumpOf(([r]) => (r ? [answer(DONE, NLM_F.MULTI, r.seq)] : [])).links).toEqual([]);
  });

  const whole: Kernel = ([r]) => (r ? [link(r.seq, "b"), done(r)] : []);
  test.each<[string, Kernel]>([
    ["is marked in a message", ([r]) => (r ? [link(r.seq, "a", NLM_F.MULTI | NLM_F.DUMP_INTR), done(r)] : [])],
    ["is marked at the end only", ([r]) => (r ? [link(r.seq, "a"), done(r, 0, [], NLM_F.DUMP_INTR)] : [])],
    ["is told as EINTR", ([r]) => (r ? [link(r.seq, "a"), done(r, 4)] : [])],
    ["lost messages (NLMSG_OVERRUN)", ([r]) => (r ? [link(r.seq, "a"), answer(OVERRUN, 0, r.seq)] : [])],
    ["lost messages (ENOBUFS)", fails(systemError("ENOBUFS", 105))],
  ])("whose interruption %s is asked for again", async (_name, kernel) => {
    const { transport, links } = dumpOf(inTurn(kernel, kernel, whole));
    expect(await links).toEqual(["b"]);
    expect(transport.seen.length).toBe(3);
  });

  test("that is always interrupted ends as EINTR", async () => {
    const { transport, links } = dumpOf(([r]) => (r ? [done(r, 0, [], NLM_F.DUMP_INTR)] : []));
    expect(await messageOf(links)).toBe("RTM_GETLINK: EINTR: the list changed during each of 8 readings");
    expect(transport.seen.length).toBe(8);
  });

  test("that always loses messages ends as ENOBUFS", async () => {
    const { transport, links } = dumpOf(fails(systemError("ENOBUFS", 105)));
    expect(await messageOf(links)).toBe("RTM_GETLINK: ENOBUFS: recvmsg: ENOBUFS");
    expect(transport.seen.length).toBe(8);
  });

  test("that ends with an error fails with its words", async () => {
    const { links } = dumpOf(([r]) =>
      r ? [link(r.seq, "a"), done(r, 22, [tlv(MSG, "Invalid header for dump")])] : [],
    );
    expect(await messageOf(links)).toBe("RTM_GETLINK: EINVAL: Invalid header for dump");
  });

  test("that is refused fails", async () => {
    const { transport, links } = dumpOf(([r]) => (r ? [ack(r, 95)] : []));
    expect(await messageOf(links)).toBe("RTM_GETLINK: EOPNOTSUPP: Operation not supported");
    expect(transport.seen.length).toBe(1);
  });

  test("without an end is no list", async () => {
    const { links } = dumpOf(([r]) => (r ? [link(r.seq, "a")] : []));
    expect(await messageOf(links)).toBe("RTM_GETLINK: EPROTO: the list has no end (NLMSG_DONE)");
  });
});

describe("isNetlinkError", () => {
  test("is asked for any of several codes", () => {
    const error = new NetlinkError("op", 17);
    expect([isNetlinkError(error), isNetlinkError(error, "ENOENT", "EEXIST"), isNetlinkError(error, "ENOENT")]).toEqual(
      [true, true, false],
    );
    expect(isNetlinkError(new Error("EEXIST"), "EEXIST")).toBe(false);
  });
});

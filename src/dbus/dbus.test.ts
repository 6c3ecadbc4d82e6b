import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Native } from "../../native/addon.ts";
import { BUS, connectSystemBus, DbusRefusal } from "./bus.ts";
import { DbusError, decodeAnswer, encodeCall, MAX_MESSAGE, messageLength } from "./message.ts";

/*
 * dbus-send --system --print-reply --dest=org.freedesktop.DBus /org/freedesktop/DBus
 *   org.freedesktop.DBus.NameHasOwner string:org.x
 * (dbus 1.14.10, recorded with strace -e trace=sendmsg,recvmsg -xx)
 */
const ASKED = Uint8Array.fromHex(
  [
    "6c010001 0a000000 02000000 7f000000", // little endian, call, version 1; body, serial, fields
    "01016f00 15000000 2f6f72672f667265656465736b746f702f4442757300 0000", // path
    "02017300 14000000 6f72672e667265656465736b746f702e4442757300 000000", // interface
    "03017300 0c000000 4e616d654861734f776e657200 000000", // member
    "06017300 14000000 6f72672e667265656465736b746f702e4442757300 000000", // destination
    "08016700 01730000", // signature
    "05000000 6f72672e7800", // body
  ]
    .join("")
    .replaceAll(" ", ""),
);
const ANSWERED = Uint8Array.fromHex(
  [
    "6c020101 04000000 03000000 3d000000",
    "06017300 04000000 3a312e3000 000000", // destination
    "05017500 02000000", // reply serial
    "08016700 01620000", // signature: a truth value
    "07017300 14000000 6f72672e667265656465736b746f702e4442757300 000000", // sender
    "00000000",
  ]
    .join("")
    .replaceAll(" ", ""),
);

const nameHasOwner = { ...BUS, member: "NameHasOwner", args: ["org.x"] };

describe("messages", () => {
  test("a call is what dbus-send sends", () => {
    expect(encodeCall(2, nameHasOwner).toHex()).toBe(ASKED.toHex());
  });

  test("an answer is read", () => {
    expect(messageLength(ANSWERED)).toBe(ANSWERED.length);
    expect(decodeAnswer(ANSWERED)).toEqual({ kind: "return", replyTo: 2, errorName: "", value: false });
  });

  test("only ASCII is sent", () => {
    expect(() => encodeCall(1, { ...nameHasOwner, args: ["ä"] })).toThrow(DbusError);
    expect(() => encodeCall(1, { ...nameHasOwner, args: ["a\0"] })).toThrow(DbusError);
  });

  test("cut anywhere, changed anywhere, or of any bytes: read or DbusError", () => {
    const read = (bytes: Uint8Array): void => {
      try {
        if (messageLength(bytes) !== undefined) decodeAnswer(bytes);
      } catch (error) {
        if (!(error instanceof DbusError)) throw error;
      }
    };
    for (let end = 0; end < ANSWERED.length; end++) read(ANSWERED.subarray(0, end));
    for (let at = 0; at < ANSWERED.length; at++) {
      for (const byte of [0, 1, 0x7f, 0xff]) {
        const changed = ANSWERED.slice();
        changed[at] = byte;
        read(changed);
      }
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 200 }), (bytes) => {
        bytes[0] = 0x6c;
        read(bytes);
      }),
    );
  });

  test("a message that says it is huge is refused before it is waited for", () => {
    const huge = ANSWERED.slice();
    huge[6] = 0x7f;
    expect(() => messageLength(huge)).toThrow(new RegExp(`at most ${MAX_MESSAGE}`));
    const other = ANSWERED.slice();
    other[0] = 0x42;
    expect(() => messageLength(other)).toThrow(/byte order/);
  });
});

/** A bus that says these pieces one after another, whatever it is told. */
function fakeBus(...pieces: readonly (string | Uint8Array)[]): { native: Native; written: string[]; closed: number[] } {
  const queue = [...pieces];
  const written: string[] = [];
  const closed: number[] = [];
  const native = {
    localConnect: () => 9,
    localReceive: () => {
      const piece = queue.shift() ?? new Uint8Array();
      return typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
    },
    writeAll: (_fd: number, bytes: Uint8Array) => void written.push(new TextDecoder("latin1").decode(bytes)),
    closeFd: (fd: number) => void closed.push(fd),
    stat: () => ({ uid: 0 }),
  } as unknown as Native;
  return { native, written, closed };
}

/** An answer to the call of this number: a text, or an error. */
function answer(replyTo: number, text: string, errorName?: string): Uint8Array {
  const call = encodeCall(77, { ...BUS, member: "x", args: [text] });
  const name =
    errorName === undefined
      ? ""
      : `0401${"73"}00${hex32(errorName.length)}${new TextEncoder().encode(errorName).toHex()}00`;
  const padded = name === "" ? "" : name.padEnd(Math.ceil(name.length / 16) * 16, "0");
  const fields = `${padded}05017500${hex32(replyTo)}0801670001730000`;
  const body = call.slice(call.length - (text.length + 5)).toHex();
  return Uint8Array.fromHex(
    `6c0${errorName ? 3 : 2}0001${hex32(body.length / 2)}${hex32(5)}${hex32(fields.length / 2)}${fields}${body}`,
  );
}

const hex32 = (n: number): string => Uint8Array.of(n & 255, n >> 8, 0, 0).toHex();

describe("the system's bus", () => {
  test("authenticates as who we are, says hello, calls", async () => {
    const hello = answer(1, ":1.5");
    // In pieces, with a signal in between.
    const { native, written } = fakeBus(
      "OK 12",
      "34\r\n",
      hello.subarray(0, 10),
      hello.subarray(10),
      answer(0, "signal"),
      answer(2, "yes"),
    );
    const bus = await connectSystemBus(native, "here");
    expect(await bus?.call(nameHasOwner)).toBe("yes");
    expect(written.slice(0, 2)).toEqual(["\0AUTH EXTERNAL 30\r\n", "BEGIN\r\n"]);
    expect(written[2]).toContain("Hello");
  });

  test("a refusal has the daemon's name and words", async () => {
    const { native } = fakeBus(
      "OK 1\r\n",
      answer(1, ":1.5"),
      answer(2, "INVALID_ZONE: x", "org.fedoraproject.FirewallD1.Exception"),
    );
    const bus = await connectSystemBus(native, "here");
    const call = () => bus?.call({ ...nameHasOwner, args: ["a", "b"] });
    expect(call()).rejects.toThrow(DbusRefusal);
    const silent = await connectSystemBus(fakeBus("OK 1\r\n", answer(1, ":1.5")).native, "here");
    expect(silent?.call(nameHasOwner)).rejects.toThrow(/closed the connection/);
  });

  test("one that does not let us in, or goes away, is an error, and the socket is closed", async () => {
    for (const pieces of [
      ["REJECTED EXTERNAL\r\n"],
      [],
      ["OK 1\r\n"],
      ["OK 1\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ]) {
      const { native, closed } = fakeBus(...pieces);
      expect(await connectSystemBus(native, "here").catch((error) => error)).toBeInstanceOf(DbusError);
      expect(closed).toEqual([9]);
    }
  });

  test("one that talks without an end and without an answer is an error after a time, and takes no memory", async () => {
    const now = performance.now;
    try {
      for (const [begin, again, error] of [
        [[], "x".repeat(60_000), /line that does not end/],
        [[], "x", /no answer within 3 s/],
        [["OK 1\r\n"], answer(0, "signal"), /no answer within 3 s/],
      ] as const) {
        const { native, closed } = fakeBus(...begin);
        const first = native.localReceive;
        let [clock, received] = [0, 0];
        performance.now = () => clock;
        native.localReceive = (fd, max, timeoutMs) => {
          clock += 100;
          received++;
          if (received > 1000) throw new Error(`asked for more and more, with ${timeoutMs} ms left`);
          const piece = first(fd, max, timeoutMs);
          return piece.length > 0 ? piece : typeof again === "string" ? new TextEncoder().encode(again) : again;
        };
        const failure = await connectSystemBus(native, "here").catch((thrown: unknown) => thrown);
        expect(failure).toBeInstanceOf(DbusError);
        expect(String(failure)).toMatch(error);
        expect(closed).toEqual([9]);
      }
    } finally {
      performance.now = now;
    }
  });

  test("no socket is no bus, another error is one", async () => {
    const failing = (code: string): Native =>
      ({
        localConnect: () => {
          throw Object.assign(new Error(code), { code, errno: 1 });
        },
      }) as unknown as Native;
    expect(await connectSystemBus(failing("ENOENT"), "here")).toBeUndefined();
    expect(await connectSystemBus(failing("ECONNREFUSED"), "here")).toBeUndefined();
    expect(connectSystemBus(failing("EACCES"), "here")).rejects.toThrow("EACCES");
  });

  test("calls at once wait for each other", async () => {
    const { native, written } = fakeBus("OK 1\r\n", answer(1, ":1.5"), answer(2, "two"), answer(3, "three"));
    const bus = await connectSystemBus(native, "here");
    expect(await Promise.all([bus?.call(nameHasOwner), bus?.call(nameHasOwner)])).toEqual(["two", "three"]);
    expect(written).toHaveLength(5);
  });
});

import { BUS, connectSystemBus, type DbusConnection, DbusRefusal, SYSTEM_BUS } from "../dbus/bus.ts";
import type { DbusCall } from "../dbus/message.ts";
import type { KernelContext } from "./context.ts";

/** Daemons that answer on the system's message bus (D-Bus): those of the namespace this process was started in. */
export interface BusVerbs {
  /** Whether there may be a bus: its socket is there. Asks nobody. */
  exists(): Promise<boolean>;
  /** Whether somebody answers to a name; false also where there is no bus, and in a foreign namespace. */
  has(name: string): Promise<boolean>;
  /** Calls a method with texts as arguments. DbusRefusal when the daemon says no. */
  call(call: DbusCall): Promise<string | boolean | undefined>;
}

interface Opened {
  readonly connection: DbusConnection;
  close(): void;
}

export function busVerbs({ native, netns, waiting, closing }: KernelContext): BusVerbs {
  let opened: Promise<Opened | undefined> | undefined;

  async function open(): Promise<Opened | undefined> {
    const connection = await connectSystemBus(native, waiting);
    return connection && { connection, close: closing(() => connection.close()) };
  }

  /** `undefined` where no bus runs. A connection that failed is given up: the next call makes another. */
  async function ask(call: DbusCall): Promise<{ answer: string | boolean | undefined } | undefined> {
    if (netns !== -1) return undefined;
    opened ??= open();
    const mine = opened;
    let bus: Opened | undefined;
    try {
      bus = await mine;
      if (bus) return { answer: await bus.connection.call(call) };
    } catch (error) {
      if (error instanceof DbusRefusal) throw error;
      bus?.close();
      if (opened === mine) opened = undefined;
      throw error;
    }
    opened = undefined;
    return undefined;
  }

  return {
    exists: async () => netns === -1 && native.stat(SYSTEM_BUS, true) !== undefined,
    has: async (name) => (await ask({ ...BUS, member: "NameHasOwner", args: [name] }))?.answer === true,
    async call(call) {
      const answered = await ask(call);
      if (!answered) throw new Error(`${call.destination}: no message bus runs on this host`);
      return answered.answer;
    },
  };
}

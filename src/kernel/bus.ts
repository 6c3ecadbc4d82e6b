import { BUS, connectSystemBus, type DbusConnection } from "../dbus/bus.ts";
import type { DbusCall } from "../dbus/message.ts";
import type { KernelContext } from "./context.ts";

/** Daemons that answer on the system's message bus (D-Bus): those of the namespace this process was started in. */
export interface BusVerbs {
  /** Whether somebody answers to a name; false also where there is no bus, and in a foreign namespace. */
  has(name: string): Promise<boolean>;
  /** Calls a method with texts as arguments. DbusRefusal when the daemon says no. */
  call(call: DbusCall): Promise<string | boolean | undefined>;
}

export function busVerbs({ native, netns, closing }: KernelContext): BusVerbs {
  let opened: DbusConnection | undefined;
  function connect(): DbusConnection | undefined {
    if (opened || netns !== -1) return opened;
    const connection = connectSystemBus(native);
    if (connection) closing(() => connection.close());
    opened = connection;
    return connection;
  }
  return {
    has: async (name) => connect()?.call({ ...BUS, member: "NameHasOwner", args: [name] }) === true,
    async call(call) {
      const connection = connect();
      if (!connection) throw new Error(`${call.destination}: no message bus runs on this host`);
      return connection.call(call);
    },
  };
}

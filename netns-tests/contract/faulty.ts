import { NetlinkError } from "../../src/netlink/socket/index.ts";

/** The n-th call fails, before it does anything or after it did it. */
export interface Fault {
  readonly at: number;
  readonly when: "before" | "after";
}

/** Every call that was made, in order, under its path: `host.link.addVeth`, `sandbox.commit`. */
export interface Watch {
  readonly calls: string[];
  /** The call that was made to fail. */
  fired: string | undefined;
}

const EIO = 5;

/** They build a request and send none. */
const BUILDERS = /(setting|adding|deleting|prepending|replacing)$/;

/**
 * An object whose functions count, at every depth, those of what they return included, and of which one fails. The error is
 * the kernel's plainest: EIO, which nobody has a special answer to.
 */
export function faulty<T extends object>(target: T, path: string, watch: Watch, fault: Fault | undefined): T {
  const inner = (value: unknown, name: string): unknown =>
    typeof value === "object" && value !== null && hasFunctions(value) ? faulty(value, name, watch, fault) : value;

  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key);
      // Of its own, whoever calls it: closing is no call that fails.
      if (typeof key === "symbol") return typeof value === "function" ? value.bind(object) : value;
      const name = `${path}.${key}`;
      if (typeof value !== "function" || BUILDERS.test(key)) return inner(value, name);
      return (...args: unknown[]): unknown => {
        const number = watch.calls.push(label(name, args)) - 1;
        const hit = fault !== undefined && fault.at === number;
        const fail = (): never => {
          watch.fired = watch.calls[number];
          throw new NetlinkError(`injected ${fault?.when} ${watch.fired}`, EIO);
        };
        if (hit && fault.when === "before") fail();
        // A decision of a transaction reads the rule set: its view counts as well.
        const given = args.map((arg) =>
          typeof arg === "function"
            ? (...more: unknown[]) => arg(...more.map((one) => inner(one, `${name}.view`)))
            : arg,
        );
        const result: unknown = Reflect.apply(value, object, given);
        const settled = (done: unknown): unknown => (hit ? fail() : inner(done, childName(name)));
        return result instanceof Promise ? result.then(settled) : settled(result);
      };
    },
  });
}

/** A namespace that was entered is called by what it is. */
const childName = (name: string): string => (name === "host.enter" ? "sandbox" : name);

const label = (name: string, [first, second]: readonly unknown[]): string =>
  name.includes(".sysctl.") ? `${name} ${String(first)}${second === undefined ? "" : `=${String(second)}`}` : name;

function hasFunctions(value: object): boolean {
  if (value instanceof Uint8Array || Array.isArray(value)) return false;
  return Object.values(Object.getOwnPropertyDescriptors(value)).some(
    ({ value: member }) =>
      typeof member === "function" || (typeof member === "object" && member !== null && hasOwnFunction(member)),
  );
}

const hasOwnFunction = (value: object): boolean => Object.values(value).some((member) => typeof member === "function");

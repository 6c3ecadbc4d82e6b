import { IPAMS, PLUGINS } from "./main/registry.ts";

/**
 * The commands `tsnet` and `tsbox`; which of them it is the launcher says by argument 0. It also puts the folder it was called
 * from into TSNET_CWD before it goes to `/`. Plugins have a process and a composition root of their own
 * (`main/engine/entry.ts`); here they run inside the commands.
 */
const name = process.argv0.endsWith("tsbox") ? "tsbox" : "tsnet";

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (name === "tsbox") return (await import("./tsbox/main.ts")).main(args);
  return (await import("./tsnet/main.ts")).main(args, { plugins: PLUGINS, ipams: IPAMS });
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    // At once, and without the addon: that it cannot be loaded may be what there is to say.
    process.getBuiltinModule("node:fs").writeSync(2, `${name}: ${text}\n`);
    // 1 may be a container's own status.
    process.exit(name === "tsbox" ? 125 : 1);
  },
);

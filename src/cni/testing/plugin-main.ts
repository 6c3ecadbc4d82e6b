/** A whole plugin for tests: answers ADD with the namespace it was given, and notes a DEL in the file `DEL_MARK`. */
import { loadNative } from "../../../native/load.ts";
import { runPlugin } from "../frame.ts";
import { processIo } from "../io.ts";
import { CNI_VERSIONS } from "../types.ts";

const native = loadNative();
const nothing = async (): Promise<void> => {};

const exitCode = await runPlugin(
  {
    name: "test",
    release: "v0",
    versions: CNI_VERSIONS,
    entersNetns: true,
    add: async (req) => ({ interfaces: [{ name: req.ifName, sandbox: req.netns }] }),
    del: async (req, { env }) => {
      const mark = env["DEL_MARK"] ?? "";
      if (mark !== "") native.replaceFile(mark, new TextEncoder().encode(`netns=${req.netns}`), 0o600);
    },
    check: nothing,
    gc: nothing,
    status: nothing,
  },
  processIo(native, process.env, process.cwd()),
  () => undefined,
);
process.exit(exitCode);

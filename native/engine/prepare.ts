/**
 * bun prepare.ts FOLDER GLUE.CJS: makes what wasm2c left in FOLDER (quickjs.wasm, quickjs.c, quickjs.h) ready to be compiled.
 *
 *   - names.h: readable names. The module's imports and exports are single letters; the package's own JavaScript says which
 *     export is which function, and wasm2c's header says (in comments) which C name each got, in every version of wasm2c.
 *   - quickjs.c: loads and stores go through the gs register instead of three pointers, a quarter fewer instructions.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

/** The module these letters were read from; another one needs another look at the package's JavaScript. */
const WASM_SHA256 = "105c3bed22d457e43e3d1c3c1c6959fda62a8fe06f0fc8a985303c3a2be72232";

/** What each import does, by its letter. */
const IMPORTS: Readonly<Record<string, string>> = {
  b: "assert_failed",
  c: "fd_write",
  d: "fd_close",
  e: "environ_get",
  f: "environ_sizes_get",
  g: "normalize_module",
  h: "load_module",
  i: "interrupt",
  j: "set_timer",
  k: "resize_heap",
  l: "clear_keepalive",
  m: "localtime",
  n: "tzset",
  o: "fd_seek",
  p: "date_now",
  q: "abort",
  r: "exit",
  s: "call_host",
  t: "free_host_ref",
};

const [folder, glueFile] = process.argv.slice(2);
if (!folder || !glueFile) throw new Error("usage: prepare.ts FOLDER GLUE.CJS");
const [wasmFile, headerFile, codeFile] = ["wasm", "h", "c"].map((end) => `${folder}/quickjs.${end}`) as [
  string,
  string,
  string,
];

const sha256 = createHash("sha256").update(readFileSync(wasmFile)).digest("hex");
if (sha256 !== WASM_SHA256) throw new Error(`${wasmFile}: SHA-256 is ${sha256}, not ${WASM_SHA256}`);

const header = readFileSync(headerFile, "utf8");
const glue = readFileSync(glueFile, "utf8");

/** `/* export: 'u' *\/` and the prototype on the next line. */
function cNames(kind: string): Map<string, string> {
  const pattern = new RegExp(`/\\* ${kind} \\*/\\s*(?:extern )?[\\w ]*?[\\s*](\\w+)\\(`, "g");
  return new Map([...header.matchAll(pattern)].map((match) => [match[1] ?? "", match[2] ?? ""]));
}

const imports = cNames("import: 'a' '([^']+)'");
const exports = cNames("export: '([^']+)'");
const instantiate = /void (\w*instantiate)\((\w+)\*, struct (\w+)\*\)/.exec(header);
if (!instantiate) throw new Error(`${headerFile}: no function that makes an instance; is wasm2c 1.0.32 or later?`);

const lines = [
  "/* Made by prepare.ts. */",
  `#define quickjs_instance ${instantiate[2]}`,
  `#define quickjs_instantiate ${instantiate[1]}`,
  `#define quickjs_environment ${instantiate[3]}`,
];
for (const [letter, name] of Object.entries(IMPORTS)) {
  const c = imports.get(letter);
  if (c === undefined) throw new Error(`no import '${letter}' in ${headerFile}`);
  lines.push(`#define env_${name} ${c}`);
}
// Older versions of wasm2c have their module prepared once.
const prepare = /void (\w+init_module)\(void\)/.exec(header);
lines.push(`#define quickjs_init_module() ${prepare ? `${prepare[1]}()` : "((void)0)"}`);
const memory = /wasm_rt_memory_t\*\s*(\w+)\(struct/.exec(header);
lines.push(`#define env_memory ${memory?.[1]}`, `#define quickjs_constructors ${exports.get("u")}`);
for (const [, name, letter] of glue.matchAll(/c\._(\w+)=b\.([\w$]+)/g)) {
  const c = exports.get(letter ?? "");
  if (c === undefined) throw new Error(`no export '${letter}' (${name}) in ${headerFile}`);
  lines.push(`#define ${name?.startsWith("QTS_") ? name : `quickjs_${name}`} ${c}`);
}
writeFileSync(`${folder}/names.h`, `${lines.join("\n")}\n`);

/**
 * Inside the macros DEFINE_LOAD and DEFINE_STORE of wasm2c 1.0.32 and 1.0.36. Another version's code stays as it is, and works.
 * Lines of a macro end in a backslash.
 */
const at = String.raw`(?:&mem->data\[addr\]|MEM_ADDR_MEMOP\(mem, addr, sizeof\(t1\)\))`;
const gap = String.raw`[\s\\]*`;
const load = new RegExp(
  String.raw`wasm_rt_memcpy\(&result, ${at},${gap}sizeof\(t1\)\);${gap}(?:wasm_asm\("" ::"r"|force_read)\(result\)\)?;`,
);
const store = new RegExp(String.raw`wasm_rt_memcpy\(${at},${gap}&wrapped,${gap}sizeof\(t1\)\);`);
const place = (qualifier: string): string =>
  `((${qualifier}__seg_gs struct { t1 value; } __attribute__((packed, may_alias)) *)addr)->value`;
const code = readFileSync(codeFile, "utf8");
// The first of each is for big-endian machines, and reads otherwise.
writeFileSync(
  codeFile,
  code.replace(load, `(void)mem; result = ${place("const ")};`).replace(store, `(void)mem; ${place("")} = wrapped;`),
);

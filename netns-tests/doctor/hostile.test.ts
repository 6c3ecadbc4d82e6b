/** Names that others chose are printed escaped: no terminal does what they say, and none makes a line of its own. */
import { expect } from "bun:test";
import { rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { testUnless } from "../support/skip.ts";
import { lack, makeWebLab } from "./lab.ts";

/** Colour, title, clear, a C1 control, a line of its own, backwards, a script. */
const EVIL = "\u001b[31m\u001b]0;x\u0007\u009b2J\nno fault found\r\u202e<script>alert(1)</script>";
/** What terminals act upon, but the line break. */
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

testUnless(
  lack,
  "doctor escapes hostile names of links, files, containers, networks, plugins, namespaces, in text and JSON",
  async () => {
    await using lab = await makeWebLab();
    const { w, c1, c2, host } = lab;
    const name = `/run/netns/t${EVIL.replaceAll("/", "|")}`;
    try {
      // A link inside: 15 bytes.
      await c1.exec("ip", "link", "set", "eth0", "down");
      await c1.exec("ip", "link", "set", "eth0", "name", "\u001b[31m<b>\u0007x");
      await c1.exec("ip", "link", "set", "\u001b[31m<b>\u0007x", "alias", EVIL);
      await host.exec("ip", "link", "set", "br0", "alias", EVIL);
      await host.exec("nft", `add table ip other { comment "\u001b[31m<script>" ; }`);
      await host.exec("nft", "add chain ip other crossing { type filter hook forward priority 0; }");
      await host.exec("nft", `add rule ip other crossing ip saddr 10.38.0.3 drop comment "\u001b[31m<script>"`);
      // A name without a namespace.
      await Bun.write(name, "");
      // A lease of nobody.
      const lease = join(w.leases, "web", "10.38.0.99");
      await Bun.write(lease, "nobody\r\n\u001b[31m<script>\u009b2J\u202e");
      const before = new Date(Date.now() - 600_000);
      await utimes(lease, before, before);
      // Lists that cannot be used, by their names, their texts, their keys.
      await Bun.write(join(w.confDir, `20-${EVIL.replaceAll("/", "|")}.conflist`), `{ "name": "${EVIL}" `);
      await Bun.write(
        join(w.confDir, "30.conflist"),
        JSON.stringify({ name: EVIL, cniVersion: "1.0.0", plugins: [{ type: "bridge" }] }),
      );
      await w.network("x", [{ type: `no${EVIL.replaceAll("/", "|")}`, ipam: { type: EVIL } }]);
      // An attachment that is gone.
      const results = join(w.cacheDir, "results");
      const [file = ""] = (await w.remembered()).filter((each) => each.startsWith("web-c2"));
      const cached = await Bun.file(join(results, file)).json();
      const id = EVIL.replaceAll("/", "|");
      await Bun.write(
        join(results, `web-${id}-eth0`),
        JSON.stringify({ ...cached, containerId: id, netns: `/gone/${EVIL}` }),
      );
      await Bun.write(join(results, id), "garbage");
      // A container's other link, and a second holder of its address, in a namespace of that name.
      await c2.exec("ip", "addr", "add", "10.38.0.1/32", "dev", "eth0");

      const where = ["--data-dir", w.leases, "--conf-dir", w.confDir, "--cache-dir", w.cacheDir];
      const text = await w.tsnet(["doctor", ...where]);
      expect(text.code).toBe(1);
      const faults = [
        "link-missing",
        "rule-drops",
        "leaked-namespace",
        "lease-without-attachment",
        "config-broken",
        "plugin-missing",
        "attachment-gone",
        "duplicate-address",
      ];
      for (const fault of faults) expect(text.stdout).toMatch(new RegExp(`^${fault}: `, "m"));
      expect(text.stdout).toContain("<script>alert(1)");
      for (const shown of [text.stdout, text.stderr]) {
        expect(shown).not.toMatch(RAW);
        expect(shown).not.toMatch(/^no fault found/m);
      }
      expect(text.stderr).toContain("is no attachment in libcni's form");
      const json = await w.tsnet(["doctor", "--json", ...where]);
      expect(json.stdout).not.toMatch(RAW);
      const said = JSON.parse(json.stdout) as { faults: { fault: string }[] };
      expect(new Set(said.faults.map(({ fault }) => fault))).toEqual(new Set(faults));
      // What is asked for is said back.
      const unknown = await w.tsnet(["doctor", `nobody${EVIL}`, ...where]);
      expect({ code: unknown.code, out: unknown.stdout }).toEqual({ code: 1, out: "" });
      expect(unknown.stderr).not.toMatch(RAW);
    } finally {
      await rm(name, { force: true });
    }
  },
);

import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../wire/golden.ts";
import { getNsid, newNsid } from "./netns-id.ts";

const row = await loadGolden(new URL("./netns-id.hex", import.meta.url));

test("ip netns list-id", () => {
  checkGolden(getNsid, row("get"), { header: { family: 0 }, attrs: {} });
});

test("ip netns set PEER 7", () => {
  checkGolden(newNsid, row("set"), { header: { family: 0 }, attrs: { fd: 6, nsid: 7 } });
});

test("told", () => {
  checkGoldenPart(newNsid, row("told"), { header: { family: 0 }, attrs: { nsid: 7 } });
});

import { expect } from "bun:test";
import type { PluginAnswer } from "../support/plugin.ts";
import { PluginFailure } from "../support/plugin.ts";

/** The CNI code an operation fails with. */
export async function codeOf(work: Promise<unknown>): Promise<number | undefined> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PluginFailure) return error.code;
    throw error;
  }
  throw new Error("expected a failure");
}

/** Traces of a program that lost its way: a stack, a source file, an error's class. */
const STACK = /\n\s+at |\.ts:\d|\.js:\d|bunfs|\b(Type|Range|Reference|Syntax)Error\b|undefined is not/;

/** The one error object on stdout, in a form a runtime understands, exit code 1. */
export function expectError(answer: PluginAnswer): { code: number; msg: string; details?: string } {
  const { code, stdout, stderr } = answer;
  expect({ code, stdout, stderr }).toMatchObject({ code: 1 });
  const error = JSON.parse(stdout) as Record<string, unknown>;
  expect(["code", "details", "msg"]).toEqual(expect.arrayContaining(Object.keys(error)));
  expect(error["code"]).toBeNumber();
  expect(error["msg"]).toBeString();
  expect(error["msg"]).not.toBe("");
  expect(String(error["msg"])).not.toContain("\n");
  expect(`${error["msg"]}\n${error["details"] ?? ""}`).not.toMatch(STACK);
  expect(error["code"]).not.toBe(999);
  return error as { code: number; msg: string; details?: string };
}

/** What an executable may answer to whatever it is asked: nothing, a result, an error; one of them. */
export function expectDocument(answer: PluginAnswer): void {
  if (answer.code !== 0) {
    expectError(answer);
    return;
  }
  if (answer.stdout === "") return;
  const document = JSON.parse(answer.stdout) as Record<string, unknown>;
  expect(document["cniVersion"]).toBeString();
  expect(document["code"]).toBeUndefined();
}

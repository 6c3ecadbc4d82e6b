export * from "../cli/text.ts";

export * from "../cli/terminal.ts";

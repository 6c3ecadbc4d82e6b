export * from "../cli/paths.ts";

export * from "../cli/usage-error.ts";

/** Test support: fast-check values of a schema, and the properties every schema has. */
export { type DrawOptions, messagesOf, valuesOf } from "./testing/draw.ts";
export { checkSchemaProperties, type SchemaOptions } from "./testing/properties.ts";

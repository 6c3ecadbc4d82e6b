/** What holds for every schema, over values drawn from it: see ../wire/testing/properties.ts. */
import { checkSchemaProperties } from "../wire/testing/properties.ts";
import { anyRule } from "./expr/all.ts";
import { batchBegin, newChain, newElements, newGen, newRule, newSet, newTable } from "./index.ts";
import { newFlowtable, newObject } from "./object.ts";

for (const message of [newTable, newChain, newSet, newElements, newRule, newGen, batchBegin, newObject, newFlowtable])
  checkSchemaProperties(message);
checkSchemaProperties(anyRule, { runs: 30 });

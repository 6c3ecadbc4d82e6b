/** What holds for every schema, over values drawn from it: see ../wire/testing/properties.ts. */
import { checkSchemaProperties } from "../wire/testing/properties.ts";
import { newFlow } from "./index.ts";

checkSchemaProperties(newFlow);

/** What holds for every schema, over values drawn from it: see ../wire/testing/properties.ts. */
import { checkSchemaProperties } from "../wire/testing/properties.ts";
import { getInetSocket, inetSocket } from "./index.ts";

for (const message of [getInetSocket, inetSocket]) checkSchemaProperties(message);

/** Version of this build, as `package.json` has it. */
export const RELEASE = "v0.1.0";

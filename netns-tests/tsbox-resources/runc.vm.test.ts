/** The same where cgroup v2 is all there is: Debian's stock kernel. */
import { testSameLimits, testSameViews } from "./runc-cases.ts";

testSameViews([["cgroup v2, the default", {}]]);
testSameLimits();

import { attrs, be16, be32, cstring } from "../../wire/index.ts";
import { NFTA_LOG } from "./constants-more.ts";

/** `log` */
export const log = attrs({
  group: [NFTA_LOG.GROUP, be16], // nfnetlink_log; absent: the kernel's log
  prefix: [NFTA_LOG.PREFIX, cstring],
  snaplen: [NFTA_LOG.SNAPLEN, be32],
  qthreshold: [NFTA_LOG.QTHRESHOLD, be16],
  level: [NFTA_LOG.LEVEL, be32], // of syslog(3); 8 is audit
  flags: [NFTA_LOG.FLAGS, be32],
});

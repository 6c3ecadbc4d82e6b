/** The text and the arithmetic of IP addresses and prefixes. Pure. */
export {
  type Cidr,
  cidrContains,
  cidrProblem,
  formatCidr,
  lastIp,
  networkCidr,
  networkIp,
  parseCidr,
  parsePrefixLen,
} from "./cidr.ts";
export {
  addToIp,
  compareIp,
  formatIp,
  type Ip,
  type IpFamily,
  ipBits,
  ipFromBytes,
  ipToBytes,
  parseIp,
  sameIp,
} from "./ip.ts";
export { formatIpv4, formatIpv6, formatIpv6LikeGo, isIpv4Mapped, parseIpBytes, parseIpv4, parseIpv6 } from "./text.ts";

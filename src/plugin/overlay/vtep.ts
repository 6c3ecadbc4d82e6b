import { formatIp, type Ip } from "../../ip/index.ts";
import { sha256 } from "../owner.ts";

/** VNIs have 24 bits (RFC 7348); 0 is left out, as by other programs. */
export const MAX_VNI = 0xff_ffff;
/** IANA's; the kernel's own default is 8472. */
export const DEFAULT_PORT = 4789;

/** Name of a host's VXLAN device, and of its bridge where the config names none. */
export const deviceName = (vni: number): string => `ov${vni}`;
export const bridgeName = (vni: number): string => `br-ov${vni}`;

/**
 * The hardware address of the VTEP at an underlay address: `02:` and the first 40 bits of SHA-256 of the text
 * `<address> <VNI>`. The same rule on every host, so nobody has to tell it, and it survives a reboot.
 */
export function vtepMac(address: Ip, vni: number): string {
  const hex = sha256(`${formatIp(address)} ${vni}`).slice(0, 10);
  return `02${hex}`.replaceAll(/..(?=.)/g, "$&:");
}

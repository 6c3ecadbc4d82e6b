import { errnoName, errnoText } from "./errno.ts";

/** What the kernel said beside the number (NETLINK_EXT_ACK). */
export interface ExtAck {
  /** The kernel's own sentence. */
  readonly message?: string | undefined;
  /** The field it is about, in the request's own schema: `attrs.linkInfo.data.vni`. */
  readonly path?: string | undefined;
  /** Byte offset of that field in the request. */
  readonly offset?: number | undefined;
  /** The attribute that should have been there. */
  readonly missing?: string | undefined;
}

/** The kernel refused a request: `RTM_NEWLINK "vx7": ERANGE: VXLAN ID must be lower than 16777216 (attrs.linkInfo.data.vni, offset 60)`. */
export class NetlinkError extends Error {
  override readonly name = "NetlinkError";
  /** What was attempted: message type and object. */
  readonly op: string;
  /** Positive errno. */
  readonly errno: number;
  /** Symbolic errno: `EEXIST`. */
  readonly code: string;
  readonly extack: ExtAck;

  constructor(op: string, errno: number, extack: ExtAck = {}) {
    const code = errnoName(errno);
    const where = [
      ...(extack.path ? [extack.path] : []),
      ...(extack.offset === undefined ? [] : [`offset ${extack.offset}`]),
      ...(extack.missing ? [`missing ${extack.missing}`] : []),
    ].join(", ");
    super(`${op}: ${code}: ${extack.message ?? errnoText(errno)}${where ? ` (${where})` : ""}`);
    this.op = op;
    this.errno = errno;
    this.code = code;
    this.extack = extack;
  }
}

/** Whether an error is the kernel's answer with one of these codes. */
export function isNetlinkError(error: unknown, ...codes: string[]): error is NetlinkError {
  return error instanceof NetlinkError && (codes.length === 0 || codes.includes(error.code));
}

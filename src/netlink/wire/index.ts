export { ip, ipv4, ipv6, mac } from "./address.ts";
export type { UnknownAttr } from "./attr.ts";
export { type AttrsCodec, attrs, merge, picked, tagged } from "./attrs.ts";
export {
  align4,
  type Codec,
  DecodeError,
  EncodeError,
  type Infer,
  type Input,
  need,
  Sink,
  Source,
  within,
} from "./codec.ts";
export { indexed, list, nested } from "./list.ts";
export {
  type Message,
  type MessageInput,
  type MessageOf,
  message,
  type RawMessage,
  setSeq,
  splitMessages,
} from "./message.ts";
export { makeAll, once } from "./once.ts";
export { be16, be32, be64, enumOf, s8, s16, s32, s64, u8, u16, u32, u64 } from "./scalar.ts";
export { pad, struct } from "./struct.ts";
export { bytes, cstring, fixedBytes, fixedString, flag } from "./text.ts";

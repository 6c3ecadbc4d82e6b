import { type Codec, EncodeError, mac, need } from "../wire/index.ts";

/** An Ethernet address where exactly 6 bytes stand (`__u8 addr[ETH_ALEN]`). */
export const ethAddress: Codec<string> = {
  size: 6,
  shape: { kind: "mac" },
  read(src, start, end) {
    need(start, end, 6);
    return mac.read(src, start, start + 6);
  },
  write(sink, value) {
    const at = sink.length;
    mac.write(sink, value);
    if (sink.length - at !== 6) throw new EncodeError(`"${value}" is no Ethernet address (form: 02:00:00:00:00:01)`);
  },
};

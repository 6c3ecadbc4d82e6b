/** Numbers of the u32 filter. */

// header: linux/pkt_cls.h
export const TCA_U32 = {
  CLASSID: 1,
  HASH: 2,
  LINK: 3,
  DIVISOR: 4,
  SEL: 5,
  POLICE: 6,
  ACT: 7,
  INDEV: 8,
  PCNT: 9,
  MARK: 10,
  FLAGS: 11,
} as const;

// header: linux/pkt_cls.h
export const TC_U32 = {
  ROOT: 4293918720,
  TERMINAL: 1,
  OFFSET: 2,
  VAROFFSET: 4,
  EAT: 8,
} as const;

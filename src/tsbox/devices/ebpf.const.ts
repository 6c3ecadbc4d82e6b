// header: linux/bpf.h
export const BPF = {
  LDX: 0x01,
  ALU: 0x04,
  JMP: 0x05,
  W: 0x00,
  MEM: 0x60,
  K: 0x00,
  X: 0x08,
  AND: 0x50,
  RSH: 0x70,
  MOV: 0xb0,
  JNE: 0x50,
  JA: 0x00,
  JSET: 0x40,
  EXIT: 0x90,
} as const;

// header: linux/bpf.h
export const BPF_DEVCG_ACC = { MKNOD: 1, READ: 2, WRITE: 4 } as const;

// header: linux/bpf.h
export const BPF_DEVCG_DEV = { BLOCK: 1, CHAR: 2 } as const;

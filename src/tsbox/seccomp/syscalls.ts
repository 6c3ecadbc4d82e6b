import { __NR as I386 } from "./syscalls-i386.const.ts";
import { ABSENT, __NR as X32 } from "./syscalls-x32.const.ts";
import { __NR as X86_64 } from "./syscalls-x86-64.const.ts";

export type Abi = "x86-64" | "x32" | "i386";

/** __X32_SYSCALL_BIT of asm/unistd.h: a call of the x32 ABI has it in its number and the architecture of x86-64. */
export const X32_BIT = 0x4000_0000;

const absent = new Set(ABSENT);

/** The number of a system call in one of the ABIs of an x86-64 kernel; `undefined` where it has none of that name. */
export function numberOf(abi: Abi, name: string): number | undefined {
  if (abi === "i386") return own(I386, name);
  const wide = own(X86_64, name);
  if (abi === "x86-64" || wide === undefined) return wide;
  return own(X32, name) ?? (absent.has(name) ? undefined : wide + X32_BIT);
}

const own = (table: Readonly<Record<string, number>>, name: string): number | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

/** System calls that other architectures have and these have not; Docker's profile names some. */
const FOREIGN = new Set(
  (
    "arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush cachectl cmpxchg_badaddr fadvise64_64 get_tls getpagesize " +
    "memory_ordering multiplexer or1k_atomic pciconfig_iobase pciconfig_read pciconfig_write perfctr riscv_flush_icache " +
    "riscv_hwprobe rtas s390_guarded_storage s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr s390_sthyi set_tls " +
    "spu_create spu_run subpage_prot swapcontext switch_endian sync_file_range2 sys_debug_setcontext syscall sysmips timerfd " +
    "usr26 usr32 utrap_install"
  ).split(" "),
);

type Multiplexer = "socketcall" | "ipc";

/** Calls that 32-bit programs may also make through socketcall(2) or ipc(2), with the number given there (linux/net.h, linux/ipc.h). */
export const MULTIPLEXED: ReadonlyMap<string, { readonly through: Multiplexer; readonly call: number }> = new Map([
  ...list("socketcall", {
    socket: 1,
    bind: 2,
    connect: 3,
    listen: 4,
    accept: 5,
    getsockname: 6,
    getpeername: 7,
    socketpair: 8,
    send: 9,
    recv: 10,
    sendto: 11,
    recvfrom: 12,
    shutdown: 13,
    setsockopt: 14,
    getsockopt: 15,
    sendmsg: 16,
    recvmsg: 17,
    accept4: 18,
    recvmmsg: 19,
    sendmmsg: 20,
  }),
  ...list("ipc", {
    semop: 1,
    semget: 2,
    semctl: 3,
    semtimedop: 4,
    msgsnd: 11,
    msgrcv: 12,
    msgget: 13,
    msgctl: 14,
    shmat: 21,
    shmdt: 22,
    shmget: 23,
    shmctl: 24,
  }),
]);

function list(through: Multiplexer, calls: Readonly<Record<string, number>>) {
  return Object.entries(calls).map(([name, call]) => [name, { through, call }] as const);
}

/** Whether Linux has a system call of this name on any architecture, as far as we know. */
export function isSyscall(name: string): boolean {
  const isHere = numberOf("x86-64", name) !== undefined || numberOf("i386", name) !== undefined;
  return isHere || MULTIPLEXED.has(name) || FOREIGN.has(name);
}

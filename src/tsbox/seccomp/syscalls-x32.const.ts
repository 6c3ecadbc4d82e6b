/**
 * System calls of the x32 ABI whose number is not that of x86-64 with bit 30 set: they have structures of their own
 * (arch/x86/entry/syscalls/syscall_64.tbl, entries "x32").
 */

// header: asm/unistd.h, asm/unistd_x32.h
export const __NR = {
  rt_sigaction: 0x40000200,
  rt_sigreturn: 0x40000201,
  ioctl: 0x40000202,
  readv: 0x40000203,
  writev: 0x40000204,
  recvfrom: 0x40000205,
  sendmsg: 0x40000206,
  recvmsg: 0x40000207,
  execve: 0x40000208,
  ptrace: 0x40000209,
  rt_sigpending: 0x4000020a,
  rt_sigtimedwait: 0x4000020b,
  rt_sigqueueinfo: 0x4000020c,
  sigaltstack: 0x4000020d,
  timer_create: 0x4000020e,
  mq_notify: 0x4000020f,
  kexec_load: 0x40000210,
  waitid: 0x40000211,
  set_robust_list: 0x40000212,
  get_robust_list: 0x40000213,
  vmsplice: 0x40000214,
  move_pages: 0x40000215,
  preadv: 0x40000216,
  pwritev: 0x40000217,
  rt_tgsigqueueinfo: 0x40000218,
  recvmmsg: 0x40000219,
  sendmmsg: 0x4000021a,
  process_vm_readv: 0x4000021b,
  process_vm_writev: 0x4000021c,
  setsockopt: 0x4000021d,
  getsockopt: 0x4000021e,
  io_setup: 0x4000021f,
  io_submit: 0x40000220,
  execveat: 0x40000221,
  preadv2: 0x40000222,
  pwritev2: 0x40000223,
} as const;

/** Those of x86-64 that x32 has not (entries "64"). */
export const ABSENT: readonly string[] = [
  "_sysctl",
  "create_module",
  "epoll_ctl_old",
  "epoll_wait_old",
  "get_kernel_syms",
  "get_thread_area",
  "map_shadow_stack",
  "nfsservctl",
  "query_module",
  "set_thread_area",
  "uselib",
  "vserver",
];

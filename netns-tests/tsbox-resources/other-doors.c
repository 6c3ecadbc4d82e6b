/*
 * Asks the kernel for the same things through every door x86 has, and prints what it answers, one line each:
 * the system call instruction, its x32 numbers, and int 0x80 of 32-bit programs.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Arguments are 32 bits wide there; none of ours is a pointer. */
static long int80(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
  return (int)result;
}

static void say(const char *what, long result) {
  if (result >= 0)
    printf("%s ok\n", what);
  else
    printf("%s %s\n", what, result == -EPERM ? "EPERM" : result == -ENOSYS ? "ENOSYS" : "other");
}

static long direct(long number, long a, long b, long c) {
  long result = syscall(number, a, b, c, 0, 0, 0);
  return result < 0 ? -errno : result;
}

int main(void) {
  const long x32 = 0x40000000, new_user = 0x10000000;
  say("mount", direct(SYS_mount, 0, 0, 0));
  say("mount by x32", direct(x32 + SYS_mount, 0, 0, 0));
  say("mount by int 0x80", int80(21, 0, 0, 0));
  say("unshare", direct(SYS_unshare, new_user, 0, 0));
  say("unshare by int 0x80", int80(310, new_user, 0, 0));
  say("keyctl", direct(SYS_keyctl, 0, 0, 0));
  say("keyctl by int 0x80", int80(288, 0, 0, 0));
  say("AF_VSOCK", direct(SYS_socket, 40, 1, 0));
  say("AF_VSOCK by int 0x80", int80(359, 40, 1, 0));
  say("clone3", direct(435, 0, 0, 0));
  say("clone3 by int 0x80", int80(435, 0, 0, 0));
  say("a call of the future", direct(600, 0, 0, 0));
  say("getpid", direct(SYS_getpid, 0, 0, 0));
  say("getpid by int 0x80", int80(20, 0, 0, 0));
  return 0;
}

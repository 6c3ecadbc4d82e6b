/*
 * The program under every plugin's name: it makes the surroundings safe and executes the runtime beside itself.
 *
 *   - closed standard streams are opened on /dev/null, so that no descriptor opened later ends up there;
 *   - the current folder becomes "/" and its path goes into TSNET_CWD (empty when it was deleted);
 *   - the environment is cleaned (environment.h) and gets TSNET_LAUNCHED=1: owner and mode of what is loaded were checked;
 *   - in the folder of this file `tsnet-bun` is executed for the commands `tsnet` and `tsbox`, `tsnet-cni` for every other
 *     name, which is a plugin's; under the name this program was called by.
 *
 * Static and without C library, since it runs before every plugin: 0.3 ms matter here.
 */
#include "environment.h"
#include "sys.h"
#include "text.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/stat.h>

enum {
  PATH_SIZE = PATH_MAX + 32, /* room for a file name after the folder, or a variable's name before a path */
  CNI_CODE = 100,            /* first code free for plugins (CNI specification, "Error") */
};

static bool called_as_plugin;
static const char *command_name = "tsnet";
static int failure_status = 1;

/* A CNI error on stdout for a runtime, a line on stderr for a person. */
static _Noreturn void die(const char *what, const char *path, const char *why) {
  static char data[3 * PATH_SIZE];
  struct text out = {.data = data, .size = sizeof data - 8};
  if (called_as_plugin) {
    text_add(&out, "{\"code\":");
    text_add_number(&out, CNI_CODE);
    text_add(&out, ",\"msg\":\"cannot start the plugin: ");
    text_add_json(&out, what);
    text_add(&out, "\",\"details\":\"");
    text_add_json(&out, path);
    text_add(&out, ": ");
    text_add_json(&out, why);
    text_add(&out, "\"}\n");
  } else {
    text_add(&out, command_name);
    text_add(&out, ": ");
    text_add(&out, what);
    text_add(&out, ": ");
    text_add(&out, path);
    text_add(&out, ": ");
    text_add(&out, why);
    text_put(&out, '\n');
  }
  const char *at = data;
  while (out.length > 0) {
    long put = sys_write(called_as_plugin ? 1 : 2, at, out.length);
    if (put == -EINTR) continue;
    if (put <= 0) break;
    at += put;
    out.length -= (size_t)put;
  }
  sys_exit(called_as_plugin ? 1 : failure_status);
}

static const char *error_text(long result) {
  static char data[32];
  struct text out = {.data = data, .size = sizeof data};
  switch (-result) {
    case ENOENT:
      return "ENOENT: no such file";
    case EACCES:
      return "EACCES: permission denied (mode, or a file system mounted noexec)";
    case E2BIG:
      return "E2BIG: arguments and environment are too long";
    case ENOMEM:
      return "ENOMEM: out of memory";
    case ENOEXEC:
      return "ENOEXEC: not an executable for this machine";
    default:
      text_add(&out, "errno ");
      text_add_number(&out, -result);
      return data;
  }
}

/*
 * open(2) takes the lowest free number, so going upwards fills the gaps. Standard output gets a descriptor that cannot be
 * written to: an answer nobody can read has to fail, not to vanish.
 */
static void fill_standard_streams(void) {
  for (int fd = 0; fd < 3; fd++) {
    if (sys_fcntl(fd, F_GETFD) != -EBADF) continue;
    if (sys_open("/dev/null", fd == 2 ? O_WRONLY : O_RDONLY) < 0) sys_open("/", O_PATH);
  }
}

/*
 * In a user namespace every owner from outside looks like the overflow user; root of the machine is one of them, and
 * rootless runtimes use plugins that it installed. Only asked when the file looks foreign.
 */
static bool in_user_namespace(void) {
  static const char whole[] = "         0          0 4294967295\n";
  char map[sizeof whole];
  long fd = sys_open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  long got = sys_read((int)fd, map, sizeof map);
  sys_close((int)fd);
  if (got != sizeof whole - 1) return true;
  map[got] = '\0';
  return !text_begins(map, whole);
}

enum { OVERFLOW_UID = 65534 };

static void check_file(const char *path) {
  struct stat st;
  long result = sys_stat(path, &st);
  if (result < 0) die("a file of it cannot be used", path, error_text(result));
  if ((st.st_mode & S_IFMT) != S_IFREG) die("a file of it cannot be used", path, "not a regular file");
  if ((st.st_mode & 022) != 0) die("refusing a file that others may write", path, "remove that with chmod go-w");
  if (st.st_uid == 0 || st.st_uid == (unsigned long)sys_geteuid()) return;
  if (st.st_uid == OVERFLOW_UID && in_user_namespace()) return;
  die("refusing a file of another user", path, "it must belong to root or the caller (chown)");
}

/* `folder` (with its slash) and `name`, in static memory of the caller's. */
static const char *beside(char *out, const char *folder, size_t length, const char *name) {
  struct text path = {.data = out, .size = PATH_SIZE};
  for (size_t i = 0; i < length; i++) text_put(&path, folder[i]);
  text_add(&path, name);
  return out;
}

/* The folder of the caller as a variable. The kernel marks a folder outside our root by a path without leading slash. */
static char *folder_variable(void) {
  static char data[PATH_SIZE] = "TSNET_CWD=";
  char *path = data + sizeof "TSNET_CWD=" - 1;
  long length = sys_getcwd(path, PATH_MAX);
  if (length < 0 || path[0] != '/') path[0] = '\0';
  return data;
}

/*
 * Words of `tsbox` that are over in a moment run without just-in-time compiler: setting it up, and compiling beside the
 * program, costs more than it gains. Those through whose hands much data passes keep it.
 */
static bool is_quick(int argc, char **argv) {
  if (!text_equals(argv[0], "tsbox") || argc < 2) return false;
  static const char *const slow[] = {"import", "image", "logs", "attach", "container"};
  for (size_t i = 0; i < sizeof slow / sizeof slow[0]; i++)
    if (text_equals(argv[1], slow[i])) return false;
  return true;
}

static _Noreturn void launch(int argc, char **argv, char **envp) {
  static char exe[PATH_SIZE], runtime[PATH_SIZE], addon[PATH_SIZE];
  static char launched[] = "TSNET_LAUNCHED=1", without_jit[] = "BUN_JSC_useJIT=0";
  size_t count = 0;
  for (; envp[count] != NULL; count++)
    if (text_begins(envp[count], "CNI_COMMAND=")) called_as_plugin = true;
  fill_standard_streams();

  long length = sys_readlink("/proc/self/exe", exe, PATH_MAX);
  if (length < 0) die("cannot find its own folder (is /proc mounted?)", "/proc/self/exe", error_text(length));
  exe[length] = '\0';
  const char *own_name = text_basename(exe);
  size_t folder = (size_t)(own_name - exe);

  char *own_argv[] = {NULL, NULL};
  if (argc == 0) argv = own_argv;
  const char *name = argc == 0 ? "" : text_basename(argv[0]);
  argv[0] = (char *)(name[0] == '\0' ? own_name : name);
  if (text_equals(argv[0], "tsbox")) {
    command_name = "tsbox";
    failure_status = 125; /* docker-run(1), "Exit Status": 1 would be the container's */
  }
  bool is_command = text_equals(argv[0], "tsnet") || text_equals(argv[0], "tsbox");
  beside(runtime, exe, folder, is_command ? "tsnet-bun" : "tsnet-cni");
  check_file(runtime);
  if (is_command) {
    beside(addon, exe, folder, "tsnet.node");
    check_file(addon);
  }

  /* As many pointers as the kernel has put on this stack already, and it allows a quarter of the stack for that. */
  char *environment[count + 4];
  size_t kept = 0;
  for (size_t i = 0; i < count; i++)
    if (environment_keeps(envp[i])) environment[kept++] = envp[i];
  environment[kept++] = folder_variable();
  environment[kept++] = launched;
  if (is_quick(argc, argv)) environment[kept++] = without_jit;
  environment[kept] = NULL;

  long result = sys_chdir("/");
  if (result < 0) die("cannot change to the root folder", "/", error_text(result));
  result = sys_execve(runtime, argv, environment);
  die("cannot execute the runtime", runtime, error_text(result));
}

/* Called by _start with the stack as the kernel left it: argc, argv…, NULL, envp…, NULL (System V x86-64 ABI, 3.4.1). */
__attribute__((used)) static _Noreturn void start(long *stack) {
  int argc = (int)stack[0];
  char **argv = (char **)(stack + 1);
  launch(argc, argv, argv + argc + 1);
}

__asm__(".globl _start\n"
        "_start:\n"
        "  xor %ebp, %ebp\n"
        "  mov %rsp, %rdi\n"
        "  and $-16, %rsp\n"
        "  call start\n"
        "  hlt\n");

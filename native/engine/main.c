#include "engine.h"
#include "netns.h"
#include "own.h"
#include "plan.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct engine engine;
#define Q (&engine.instance)

/*
 * To stderr, and as the error object a runtime expects when it is a plugin's call: 999 (a bug) for what the engine itself did
 * wrong, 100 for what the machine does not give it.
 */
static _Noreturn void end(int code, const char *what, const char *detail) {
  char text[512];
  snprintf(text, sizeof text - 1, "tsnet: %s: %s", what, detail);
  strcat(text, "\n");
  ssize_t put = write(2, text, strlen(text));
  if (getenv("CNI_COMMAND") != NULL) {
    snprintf(text, sizeof text, "{\n    \"code\": %d,\n    \"msg\": \"cannot run the plugin: %s\"\n}", code, what);
    put = write(1, text, strlen(text));
  }
  (void)put; /* there is nobody left to tell */
  _exit(1);
}

void die(const char *what, const char *detail) {
  end(100, what, detail);
}

static void on_fault(int signal) {
  end(999, "the engine failed", signal == SIGSEGV ? "memory fault or stack overflow" : "illegal operation");
}

/* On a stack of its own: a fault may be the other one's end. */
static void catch_faults(void) {
  static uint8_t stack[16384];
  const stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK | SA_RESETHAND};
  sigaltstack(&own, NULL);
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
}

void wasm_rt_trap(wasm_rt_trap_t trap) {
  char text[32];
  snprintf(text, sizeof text, "trap %d", (int)trap);
  end(999, "the engine failed", text);
}

/* Ends the process when `value` is an exception. */
static ref checked(ref value, const char *what) {
  ref exception = QTS_ResolveException(Q, engine.context, value);
  if (exception != 0) end(999, what, (const char *)memory_at(QTS_Dump(Q, engine.context, exception)));
  return value;
}

static ref string(const char *text, size_t length) {
  ref copy = memory_new(length + 1);
  memcpy(memory_at(copy), text, length);
  *memory_at(copy + (ref)length) = '\0';
  return copy;
}

static ref global_function(const char *name) {
  ref key = QTS_NewString(Q, engine.context, string(name, strlen(name)));
  return QTS_GetProp(Q, engine.context, QTS_GetGlobalObject(Q, engine.context), key);
}

struct bundle {
  const char *text;
  size_t length;
};

static void evaluate(const void *argument) {
  const struct bundle *bundle = argument;
  engine.runtime = QTS_NewRuntime(Q);
  engine.context = QTS_NewContext(Q, engine.runtime, 0);
  QTS_RuntimeSetMaxStackSize(Q, engine.runtime, 192 << 10);
  functions_install();
  ref source = string(bundle->text, bundle->length);
  enum { STRICT = 1 << 3 };
  checked(QTS_Eval(Q, engine.context, source, (u32)bundle->length, string("tsnet-cni", 9), 0, STRICT), "the bundle failed");
  memset(memory_at(source), 0, bundle->length);
  quickjs_free(Q, source);
  engine.to_bytes = global_function("toBytes");
  engine.to_bigint = global_function("toBigInt");
  engine.start = global_function("start");
  ref context = memory_new(sizeof(ref));
  checked(QTS_ExecutePendingJob(Q, engine.runtime, (u32)-1, context), "the bundle failed");
}

/* Evaluates a bundle and writes the executable with its heap. */
static int make(const char *file, const char *base, const char *out) {
  static char text[4 << 20];
  FILE *in = fopen(file, "rbe");
  size_t length = in == NULL ? 0 : fread(text, 1, sizeof text, in);
  if (length == 0 || length == sizeof text) die("cannot read the bundle", file);
  fclose(in);
  const struct bundle bundle = {text, length};
  plan_twice(evaluate, &bundle);
  snapshot_write(out, base);
  return 0;
}

int main(int argc, char **argv, char **environment) {
  memory_init();
  quickjs_init_module();
  quickjs_instantiate(Q, NULL);
  functions_number();
  bool whole = snapshot_restore();
  if (!whole) {
    if (getenv("CNI_COMMAND") != NULL) die("its executable is incomplete, install it again", "/proc/self/exe");
    quickjs_constructors(Q);
    if (argc != 4) die("usage", "tsnet-engine BUNDLE.JS BASE OUT");
    return make(argv[1], argv[2], argv[3]);
  }
  catch_faults();
  signal(SIGPIPE, SIG_IGN);
  netns_init();
  own_process(argc > 0 ? argv[0] : "", environment);
  checked(QTS_Call(Q, engine.context, engine.start, QTS_GetUndefined(Q), 0, 0), "the plugin failed");
  ref context = memory_new(sizeof(ref));
  checked(QTS_ExecutePendingJob(Q, engine.runtime, (u32)-1, context), "the plugin failed");
  end(999, "the plugin ended without an answer", "a promise was never settled");
}

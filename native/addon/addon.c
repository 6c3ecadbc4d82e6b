#include "addon.h"

#include "netns.h"

static bool add_all(napi_env env, napi_value exports, const struct function *list) {
  for (; list->name != NULL; list++) {
    napi_value function;
    if (napi_create_function(env, list->name, NAPI_AUTO_LENGTH, list->call, NULL, &function) != napi_ok ||
        napi_set_named_property(env, exports, list->name, function) != napi_ok)
      return false;
  }
  return true;
}

/* May run more than once in a process (workers): nothing here or below keeps anything of one environment. */
NAPI_MODULE_INIT() {
  netns_init();
  const struct function *const lists[] = {echo_functions,
                                          stream_functions, netns_functions, netlink_functions, sysctl_functions,
                                          file_functions,   fileat_functions, lock_functions,
                                          run_functions,    local_functions,  cgroup_functions, tty_functions};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
    if (!add_all(env, exports, lists[i])) return NULL;
  return exports;
}

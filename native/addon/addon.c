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
  for (size_t i = 0; all_functions[i] != NULL; i++)
    if (!add_all(env, exports, all_functions[i])) return NULL;
  return exports;
}

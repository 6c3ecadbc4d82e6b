#include "addon.h"
#include "cgroup_device.h"

static napi_value js_cgroup_device_attach(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  char path[PATH_MAX];
  const uint8_t *program;
  size_t length;
  if (!js_args(env, info, "cgroupDeviceAttach", 2, &args) || !js_path(&args, 0, path) ||
      !js_bytes(&args, 1, &program, &length))
    return NULL;
  return cgroup_device_attach(path, program, length, &error) < 0 ? js_throw(env, &error) : js_undefined(env);
}

const struct function cgroup_functions[] = {{"cgroupDeviceAttach", js_cgroup_device_attach}, {NULL, NULL}};

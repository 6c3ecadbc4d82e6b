#include "datagram.h"

#include "addon.h"

enum { MAX_ADDRESS = 64 };

static napi_value js_udp(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  char address[MAX_ADDRESS];
  int64_t port;
  int netns;
  if (!js_args(env, info, "udpOpen", 3, &args) || !js_fd(&args, 0, true, &netns) ||
      !js_text(&args, 1, address, sizeof address) || !js_integer(&args, 2, 1, UINT16_MAX, &port))
    return NULL;
  int fd = udp_open(netns, address, (uint16_t)port, &error);
  return fd < 0 ? js_throw(env, &error) : js_new_number(env, fd);
}

static napi_value js_packet(napi_env env, napi_callback_info info) {
  struct args args;
  struct sys_error error;
  int64_t link;
  int64_t protocol;
  int netns;
  if (!js_args(env, info, "packetOpen", 3, &args) || !js_fd(&args, 0, true, &netns) ||
      !js_integer(&args, 1, 1, INT32_MAX, &link) || !js_integer(&args, 2, 1, UINT16_MAX, &protocol))
    return NULL;
  int fd = packet_open(netns, (uint32_t)link, (uint16_t)protocol, &error);
  return fd < 0 ? js_throw(env, &error) : js_new_number(env, fd);
}

const struct function datagram_functions[] = {{"udpOpen", js_udp}, {"packetOpen", js_packet}, {NULL, NULL}};

#include "addon.h"

const struct function *const all_functions[] = {
    echo_functions,   stream_functions, netns_functions, netlink_functions, sysctl_functions, file_functions, fileat_functions,
    lock_functions,   run_functions,    local_functions, cgroup_functions,  tty_functions,    datagram_functions,
    inside_functions, NULL,
};

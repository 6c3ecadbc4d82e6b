#ifndef TSNET_ENGINE_OWN_H
#define TSNET_ENGINE_OWN_H

#include "addon.h"

/* What the bundle needs beside the addon's functions: src/main/engine/host.ts describes them. */
extern const struct function own_functions[];
/* The process's own arguments and variables, told by main. */
void own_process(const char *name, char **environment);

#endif

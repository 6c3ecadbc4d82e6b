#ifndef TSBOX_SEARCH_H
#define TSBOX_SEARCH_H

#include "error.h"

/*
 * The program that `name` means: itself when it has a slash, else the first in PATH (of `env`; a default when there is none) that
 * can be executed by who we are now. 0, or the exit code: 127 when there is nothing, 126 when what there is cannot be executed.
 */
int search_program(const char *name, char *const *env, char program[PATH_MAX], struct sys_error *error);

#endif

#ifndef TSNET_SIGNAME_H
#define TSNET_SIGNAME_H

/* Symbolic name of a signal: "SIGKILL"; "SIG35" for one without. Written into `out` when it has none of its own. */
const char *signame(int number, char out[16]);

#endif

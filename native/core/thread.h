#ifndef TSNET_THREAD_H
#define TSNET_THREAD_H

#include <pthread.h>

/*
 * glibc 2.34 moved these into libc.so.6 under a new version; the old ones are still there and are all that glibc 2.31
 * has. Naming them keeps the addon loadable there (native/check-glibc.sh checks).
 */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(TSNET_NO_SYMVER)
__asm__(".symver pthread_create, pthread_create@GLIBC_2.2.5");
__asm__(".symver pthread_join, pthread_join@GLIBC_2.2.5");
__asm__(".symver pthread_detach, pthread_detach@GLIBC_2.2.5");
__asm__(".symver pthread_attr_setstacksize, pthread_attr_setstacksize@GLIBC_2.2.5");
__asm__(".symver pthread_sigmask, pthread_sigmask@GLIBC_2.2.5");
#endif

/*
 * Starts a thread with a small stack and all signals blocked (they belong to the runtime's threads).
 * `detached` threads clean up after themselves. Returns 0 or an errno.
 */
int thread_start(pthread_t *thread, int detached, void *(*main)(void *), void *argument);

#endif

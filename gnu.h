/*
 * Included by the compiler before every file of ours (-include): all of glibc's interfaces are there (accept4, pipe2,
 * ppoll, SCHED_RESET_ON_FORK), whether a file defines _GNU_SOURCE itself or not. Defining it on the command line
 * instead would be a redefinition in those that do.
 */
#ifndef VIPD_GNU_H
#define VIPD_GNU_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#include <features.h>
#undef _GNU_SOURCE
#endif

#endif

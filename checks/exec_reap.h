/*
 * How children end, by their pidfd: never a wait that could take time. Private to exec.c. See waitid(2), P_PIDFD.
 */
#ifndef CHECKS_EXEC_REAP_H
#define CHECKS_EXEC_REAP_H

#include <signal.h>
#include <stdbool.h>

/* True if it has ended, and is reaped; how, in *ret_info (exit status 255 if somebody else reaped it). */
bool exec_reap(int pidfd, siginfo_t *ret_info);

/* True if it has ended and is not reaped: its process group's number is still its own. */
bool exec_is_zombie(int pidfd);

/* Reaps what could not be reaped before, and takes over one more pidfd; -1: none. */
void exec_strays_reap(int add);

#endif

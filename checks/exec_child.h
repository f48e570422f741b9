/*
 * The few steps between fork and exec, where only async-signal-safe calls are allowed. Private to exec.c.
 *
 * Everything a child needs is prepared by the parent in struct exec_child: no allocation, no name lookup, no locale, no
 * stdio happens after the fork. A step that fails is told to the parent through the close-on-exec error pipe.
 */
#ifndef CHECKS_EXEC_CHILD_H
#define CHECKS_EXEC_CHILD_H

#include <sys/resource.h>

#include "checks/exec.h"

struct exec_child {
	const char *file;
	char **argv;
	char **env;
	const char *cwd;
	const struct exec_user *user; /* may be NULL */
	bool no_new_privileges;
	int output_fd; /* becomes 1 and 2 */
	int error_fd;  /* gets struct exec_failure */
	bool limits_known;
	struct rlimit limit[RLIM_NLIMITS];
};

struct exec_failure {
	int error;
	char step[28];
};

/* Becomes the tool, or reports and exits with 127. */
void exec_child_become(const struct exec_child *child) __attribute__((noreturn));

#endif

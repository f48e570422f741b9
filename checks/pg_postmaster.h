/*
 * A hold on one process, the postmaster: its end is seen at once, a signal never reaches a recycled pid.
 *
 * Owned by pg_probe. A pidfd (pidfd_open(2)) is readable from the process's end on, whoever its parent is.
 */
#ifndef CHECKS_PG_POSTMASTER_H
#define CHECKS_PG_POSTMASTER_H

#include <sys/types.h>

#include "vrrp/base.h"
#include "vrrp/err.h"

struct pg_postmaster {
	pid_t pid; /* 0: none is held */
	int pidfd; /* -1: none */
};

void pg_postmaster_init(struct pg_postmaster *postmaster);
void pg_postmaster_drop(struct pg_postmaster *postmaster);

/* Holds this process instead. 0, -ESRCH (gone), or another negative errno; on failure none is held. */
int pg_postmaster_hold(struct pg_postmaster *postmaster, pid_t pid, struct vip_err *err);

/* True from its end on; false when none is held. */
bool pg_postmaster_ended(const struct pg_postmaster *postmaster);

/* 0, -ESRCH, -EPERM. */
int pg_postmaster_signal(const struct pg_postmaster *postmaster, int signal, struct vip_err *err);

#endif

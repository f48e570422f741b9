/*
 * Whose PostgreSQL it is: os_user, or the owner of the data directory, or, before it was cloned, "postgres". Asks the
 * name service: at start only.
 */
#ifndef VIPD_OS_USER_H
#define VIPD_OS_USER_H

#include "checks/exec.h"
#include "vipd/config.h"

/* 0, or a negative errno with a sentence. */
int os_user_find(const struct config_postgresql *config, struct exec_user *ret_user, struct vip_err *err);

#endif

/*
 * What the configuration names that must be on this very host: PostgreSQL's programs and the user that they run as.
 *
 * The file is the same on all hosts, so only the member that this host is, is looked at, and nothing where it is none
 * or a witness. Found missing only in an emergency it would cost the failover. Reads the file system and the users: for
 * vipd --check and the start, not for the loop.
 */
#ifndef VIPD_CONFIG_HOST_H
#define VIPD_CONFIG_HOST_H

#include "vipd/config.h"

/* bin_dir; else "/usr/lib/postgresql/15/bin" for the version that the data directory is of, 15 if it cannot be read. */
void config_bin_directory(const struct config_postgresql *postgresql, char *ret_path, size_t size);

/*
 * Adds an error to the report for each thing that the file names and this host has not, and a warning where a default
 * is not there. Returns the number of errors.
 */
size_t config_host_check(const struct vip_config *config, struct config_report *report);

#endif

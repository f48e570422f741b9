/*
 * The table of `vipctl status` and the answers of `vipctl check`, out of the status object (product.md, "Commands").
 *
 * Pure functions of the JSON that --json prints, so that table and JSON never disagree. Whatever is missing, null or of
 * another type than documented is shown as "-", never guessed; text from outside is escaped.
 */
#ifndef VIPD_VIPCTL_TABLE_H
#define VIPD_VIPCTL_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* One instance: its line, its faults if any, its members' table. */
void vipctl_table_print(FILE *out, const json_t *instance);

/* True if this host serves the instance now: MASTER, by a lease that runs. */
bool vipctl_is_primary(const json_t *status, const json_t *instance);

/* True if this host's PostgreSQL is a standby that streams. */
bool vipctl_is_replica(const json_t *status, const json_t *instance);

#endif

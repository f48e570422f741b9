/*
 * What status says of durability = quorum: the list that the local primary waits by, who counts, and what a holder
 * whose gate is shut, or whose commits wait, waits for. Part of status.c's inside; pure.
 */
#ifndef VIPD_STATUS_SYNC_H
#define VIPD_STATUS_SYNC_H

#include <jansson.h>

#include "vipd/status_view.h"

/*
 * {"k", "ours", "named": [], "counted": [], "intruders": [], "settings_ok", "waits_for"}: a new reference. null with
 * another durability, and where neither a primary runs here nor this member holds. ours: the list is one of ours.
 * waits_for: null, or one of the words of status_sync_waits_for.
 */
json_t *status_sync_new(const struct status_view *view);

/* "vouchers", "synchronous_standby_names", "promotion", "settings" (fsync, synchronous_commit), "standbys" (commits
 * wait: fewer than k of those named stream), or NULL: nothing. */
const char *status_sync_waits_for(const struct status_view *view);

#endif

/*
 * The part of status.h about what is tracked (track_script, track_interface) and about priorities: an instance's
 * "tracked" and "effective_priority", a member's "effective_priority" as its last fresh report says.
 */
#ifndef VIPD_STATUS_TRACK_H
#define VIPD_STATUS_TRACK_H

#include "vipd/status_view.h"

/* An array, empty if nothing is tracked here; a new reference, NULL if memory is out. */
json_t *status_track_new(const struct status_view *view);

#endif

/*
 * Rise and fall: when a check that is made again and again counts as good, and when as failed (vipd.conf(5),
 * track_script; keepalived's words). Pure counting; checks/script.h runs what is counted.
 *
 * The first result decides at once: a daemon that starts does not trust a failing script for `fall` intervals. After
 * it `fall` failures in a row are down and `rise` successes in a row are up; a result of the other kind begins anew.
 */
#ifndef CHECKS_RISE_FALL_H
#define CHECKS_RISE_FALL_H

#include "vrrp/base.h"

enum check_rise_fall_state { CHECK_RISE_FALL_UNKNOWN = 0, CHECK_RISE_FALL_UP, CHECK_RISE_FALL_DOWN };

struct check_rise_fall {
	unsigned rise; /* >= 1 */
	unsigned fall; /* >= 1 */
	enum check_rise_fall_state state;
	unsigned against; /* results in a row that speak against the state */
};

/* Takes a result in; true if the state changed. */
bool check_rise_fall_take(struct check_rise_fall *count, bool good);

/* "up", "down", "unknown" */
const char *check_rise_fall_word(enum check_rise_fall_state state);

#endif

/*
 * How a check that finds out whether PostgreSQL can work stands: the same few words for all of them (pg_knock.h,
 * pg_flush.h, pg_disk.h), in status and in the log. Only `failed` is a finding; what a check cannot find out is none.
 */
#ifndef CHECKS_CHECK_STATE_H
#define CHECKS_CHECK_STATE_H

enum check_state {
	CHECK_OFF = 0, /* its interval is 0 */
	CHECK_IDLE,    /* nothing to check now, or no result yet */
	CHECK_OK,
	CHECK_FAILED,
	CHECK_STATE_COUNT
};

/* "off", "idle", "ok", "failed"; "?" for anything else. */
const char *check_state_word(unsigned state);

#endif

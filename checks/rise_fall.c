#include "checks/rise_fall.h"

#include <assert.h>

bool check_rise_fall_take(struct check_rise_fall *count, bool good)
{
	enum check_rise_fall_state says = good ? CHECK_RISE_FALL_UP : CHECK_RISE_FALL_DOWN;

	assert(count->rise >= 1 && count->fall >= 1);
	if (count->state == says) {
		count->against = 0;
		return false;
	}
	count->against++;
	if (count->state != CHECK_RISE_FALL_UNKNOWN && count->against < (good ? count->rise : count->fall)) {
		return false;
	}
	count->state = says;
	count->against = 0;
	return true;
}

const char *check_rise_fall_word(enum check_rise_fall_state state)
{
	switch (state) {
	case CHECK_RISE_FALL_UP:
		return "up";
	case CHECK_RISE_FALL_DOWN:
		return "down";
	case CHECK_RISE_FALL_UNKNOWN:
	default:
		return "unknown";
	}
}

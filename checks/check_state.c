#include "checks/check_state.h"

const char *check_state_word(unsigned state)
{
	static const char *const words[CHECK_STATE_COUNT] = { "off", "idle", "ok", "failed" };

	return state < CHECK_STATE_COUNT ? words[state] : "?";
}

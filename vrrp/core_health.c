#include "vrrp/core_internal.h"

#include <stdio.h>

#define HEALTH_WORDS_BYTES 100

void core_health_seen(struct vrrp_core *core, uint32_t faults)
{
	faults &= VRRP_HEALTH_FAULTS;
	core->send_now = core->send_now || core->health != faults;
	core->health = faults;
}

static void words_of(uint32_t faults, char ret_words[HEALTH_WORDS_BYTES])
{
	size_t used = 0;

	ret_words[0] = '\0';
	for (unsigned fault = 0; fault < VRRP_FAULT_COUNT && used < HEALTH_WORDS_BYTES; fault++) {
		if ((faults & VRRP_FAULT_BIT(fault)) != 0) {
			used += (size_t)snprintf(ret_words + used, HEALTH_WORDS_BYTES - used, "%s%s",
				used > 0 ? ", " : "", vrrp_fault_word(fault));
		}
	}
}

/*
 * A MASTER that is not fit lets go where somebody eligible can take over (core_hold.c). Where nobody can, a primary
 * that serves badly is better than none; why it is still here is said once for each set of reasons.
 */
void core_health_tick(struct vrrp_core *core, struct vrrp_update *update)
{
	uint32_t faults = core->pg_seen ? core_hold_unfit(core) : 0;
	char words[HEALTH_WORDS_BYTES];

	if (core->stays_told == faults) {
		return;
	}
	core->stays_told = faults;
	if (faults == 0) {
		core_log(update, VRRP_LOG_NOTICE, "fit to serve again");
		return;
	}
	words_of(faults, words);
	core_log(update, VRRP_LOG_WARNING, "not fit to serve (%s), but stays: %s", words,
		core->stored.paused ? "paused" : "nobody else can take over");
}

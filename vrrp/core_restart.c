#include "vrrp/core_internal.h"

#include <string.h>

/*
 * Restart without failover (protocol.md section 4.3; B4, B5). The holder asks for one long lease; when a majority has
 * granted it, and gate and address are extended, the token is written, and the process is gone. Whoever finds the token
 * and may use it is the same holder under the same ballot.
 *
 * A token that stands on the disk says that this ballot's lease runs until its end. So once one was ordered the ballot
 * is not released before the file is known to be gone, or its time is over: otherwise another member could be elected,
 * and a later process of this one still find the token.
 */

bool core_token_may_stand(const struct vrrp_core *core)
{
	return core->token_out && vrrp_time_before(core->now, core->token.lease_end) &&
	       !VRRP_MUTANT(released_while_a_token_stands);
}

/* What the others must agree to is asked for in every other report: a renewal is answered at once, this is not. */
int64_t core_ask_us(const struct vrrp_core *core)
{
	bool asks =
		core->role == VRRP_ROLE_CANDIDATE || core->role == VRRP_ROLE_PROMOTING ||
		core->role == VRRP_ROLE_MASTER || core_switch_asks(core) ||
		(core->role == VRRP_ROLE_LEAVING && core->stopping && vrrp_time_before(core->now, core->stop_deadline));

	if (asks && core->restarting && core->role == VRRP_ROLE_MASTER && core->token_ticket == 0 &&
		core->restart_asks % 2 == 0) {
		return core_longest_us(core);
	}
	return asks ? core->config.lease_us : 0;
}

/* A report with this ask is about to be built. */
void core_restart_asked(struct vrrp_core *core, int64_t ask_us)
{
	if (!core->restarting || core->role != VRRP_ROLE_MASTER) {
		return;
	}
	if (core->restart_asks++ == 0) {
		core->restart_floor = core_worth(core, core->now, ask_us);
	}
}

void core_restart(struct vrrp_core *core, struct vrrp_update *update)
{
	if (core->stopping || core->restarting) {
		return;
	}
	if (core->role == VRRP_ROLE_PROMOTING || core->role == VRRP_ROLE_LEAVING ||
		vrrp_switch_is_under_way(core->switchover.phase)) {
		core_log(update, VRRP_LOG_WARNING, "no restart now: the lease is just being taken, or let go");
		return;
	}
	core->exit_restart = true;
	if (core->role != VRRP_ROLE_MASTER) {
		core_stop(core, update);
		return;
	}
	core->restarting = true;
	core->restart_asks = 0;
	core->restart_floor = VRRP_TIME_NONE;
	core->restart_deadline = vrrp_time_add(core->now, core->config.lease_us);
	core->send_now = true;
	core_log(update, VRRP_LOG_NOTICE, "restart: asking for a lease of %lld ms",
		(long long)(core_longest_us(core) / VRRP_US_PER_MS));
}

static void order(struct vrrp_core *core, struct vrrp_update *update)
{
	core->token_ticket = ++core->next_ticket;
	core->token_out = true;
	core_act(update, VRRP_ACT_TOKEN)->ticket = core->token_ticket;
}

static void remove_token(struct vrrp_core *core, struct vrrp_update *update)
{
	core->token.ballot = (struct vrrp_ballot){ 0 }; /* lease_end stays: until then it may stand there */
	order(core, update);
}

void core_token_done(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update)
{
	bool written = !vrrp_ballot_is_none(&core->token.ballot);

	if (core->token_ticket == 0 || event->ticket != core->token_ticket) {
		return;
	}
	core->token_ticket = 0;
	if (!written) {
		core->token_out = !event->ok;
		core->token_retry_at = vrrp_time_add(core->now, CORE_STORE_RETRY_US);
		return;
	}
	if (event->ok && core->restarting && core->role == VRRP_ROLE_MASTER &&
		vrrp_ballot_equal(&core->token.ballot, &core->ballot)) {
		/* Nothing after this: whatever this process did, the next one would not know of it. */
		core->exited = true;
		core_act(update, VRRP_ACT_EXIT)->restart = true;
		return;
	}
	if (core->restarting && core->role == VRRP_ROLE_MASTER) {
		core_log(update, VRRP_LOG_ERR, "restart: the token could not be written: a normal stop");
		core_stop(core, update);
	}
}

/* The grants are in hand: what stands in the kernel is extended first, then the token is written. */
static void write_token(struct vrrp_core *core, struct vrrp_update *update)
{
	if (!VRRP_MUTANT(token_before_the_gate)) {
		core_hold_extend(core, update);
	}
	core->token = (struct vrrp_token){ .ballot = core->ballot, .lease_end = core->lease_end, .this_boot = true };
	memcpy(core->token.digest, core->config.digest, sizeof(core->token.digest));
	order(core, update);
}

void core_restart_tick(struct vrrp_core *core, struct vrrp_update *update)
{
	if (core->restarting && !vrrp_role_holds(core->role)) {
		core_stop(core, update); /* it lost the lease meanwhile: there is nothing to keep */
	}
	if (core->restarting && core->role == VRRP_ROLE_MASTER && core->token_ticket == 0) {
		if (!vrrp_time_before(core->now, core->restart_deadline) && core->stored.paused) {
			core_log(update, VRRP_LOG_WARNING,
				"no restart: no majority has granted the long lease in time, and nobody could take "
				"over while paused");
			core->restarting = false;
			core->exit_restart = false;
		} else if (!vrrp_time_before(core->now, core->restart_deadline)) {
			core_log(update, VRRP_LOG_WARNING,
				"restart: no majority has granted the long lease in time: a normal stop");
			core_stop(core, update);
		} else if (core->restart_floor.us != 0 &&
			   (!vrrp_time_before(core->lease_end, core->restart_floor) ||
				   VRRP_MUTANT(token_before_the_grants)) &&
			   core->stored_ticket >= core->store_ticket && !core->store_due) {
			write_token(core, update);
		}
	}
	if (core->token_out && core->token_ticket == 0 && !vrrp_time_before(core->now, core->token_retry_at)) {
		remove_token(core, update); /* written, and this process goes on: nobody may find it */
	}
	if (core->release_held && !core_token_may_stand(core)) {
		core->release_held = false;
		core_release_lost(core);
	}
}

struct vrrp_time core_restart_deadline(const struct vrrp_core *core)
{
	struct vrrp_time at = VRRP_TIME_NEVER;

	if (core->restarting && core->role == VRRP_ROLE_MASTER && core->token_ticket == 0) {
		at = core->restart_deadline;
	}
	if (core->token_out && core->token_ticket == 0) {
		at = vrrp_time_min(at, core->token_retry_at);
	}
	if (core_token_may_stand(core) && core->release_held) {
		at = vrrp_time_min(at, core->token.lease_end);
	}
	return at;
}

/* Whether the lease of the token is still mine (section 4.3). PostgreSQL is looked at right after: see core_resume().
 */
bool core_may_resume(const struct vrrp_core *core, const struct vrrp_event *event)
{
	const struct vrrp_token *token = &event->token;

	return event->readable && !vrrp_ballot_is_none(&token->ballot) &&
	       (token->this_boot || VRRP_MUTANT(token_of_another_boot)) && token->ballot.member == core_self_id(core) &&
	       !core_is_witness(core) &&
	       (memcmp(token->digest, core->config.digest, sizeof(token->digest)) == 0 ||
		       VRRP_MUTANT(token_of_another_digest)) &&
	       (vrrp_time_before(event->now, token->lease_end) || VRRP_MUTANT(ended_token_is_resumed)) &&
	       vrrp_ballot_equal(&event->stored.epoch, &token->ballot) &&
	       vrrp_ballot_equal(&event->stored.serving, &token->ballot) &&
	       vrrp_ballot_is_none(&event->stored.promoting) && !event->stored.diverged;
}

/*
 * MASTER again from the first moment: gate and address were never given up. PostgreSQL was primary when the process
 * before left; the probe that is ordered here says what it is now, and what it says is acted on as in any MASTER. Until
 * then it counts as a primary that does not answer, so that nothing is released before it is stopped.
 */
void core_resume(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update)
{
	const struct vrrp_grant *own = &event->stored.long_grant;

	core->ballot = event->token.ballot;
	core->ballot.incarnation =
		VRRP_MUTANT(resumed_under_its_own_incarnation) ? core->incarnation : core->ballot.incarnation;
	core->resumed_end = core_recount_resumed(core, event->token.lease_end);
	core->lease_end = core->resumed_end;
	core->pg.system_identifier = core->stored.system_identifier;
	core->heard_holder = true;
	if (event->stored.long_grant_this_boot && own->to == core_self_id(core) &&
		vrrp_ballot_equal(&own->ballot, &core->ballot) && vrrp_grant_runs(own, event->now)) {
		/* My own vote was for this very lease, which goes on: there is nothing to be silent about. Its record
		 * stays on the disk until it ends. */
		core->grant = *own;
		core->silent_until = event->now;
		core->record_kept = false;
		core->stored.long_grant = *own;
	}
	core_role_set(core, update, VRRP_CAUSE_RESUMED);
	core_hold_resume(core, update);
}

#include "vrrp/vouch.h"
#include "vrrp/mutant.h"

static const char *const words[VRRP_VOUCH_COUNT] = {
	[VRRP_VOUCH_YES] = "yes",
	[VRRP_VOUCH_AHEAD] = "ahead",
	[VRRP_VOUCH_STORE] = "store",
	[VRRP_VOUCH_DETACH] = "detach",
	[VRRP_VOUCH_SEAL] = "seal",
	[VRRP_VOUCH_LOOK] = "position unknown",
	[VRRP_VOUCH_PASSED] = "passed by a higher ballot",
	[VRRP_VOUCH_DIVERGED] = "diverged",
	[VRRP_VOUCH_LOST] = "state file lost",
	[VRRP_VOUCH_FSYNC] = "fsync not on",
	[VRRP_VOUCH_DOWN] = "down",
	[VRRP_VOUCH_PRIMARY] = "running primary",
};

const char *vrrp_vouch_word(unsigned vouch)
{
	return vouch < VRRP_VOUCH_COUNT ? words[vouch] : "?";
}

bool vrrp_vouch_counts(const struct vrrp_core_config *config, unsigned index)
{
	const struct vrrp_member_config *member = &config->member[index];

	return index < config->member_count && !member->witness && (!member->nofailover || member->vote_data);
}

unsigned vrrp_vouch_needed(const struct vrrp_core_config *config)
{
	unsigned k = config->sync_standbys + (VRRP_MUTANT(one_voucher_less) ? 1U : 0U);
	unsigned n = 0;

	if (config->durability != VRRP_DURABILITY_QUORUM) {
		return 0;
	}
	for (unsigned i = 0; i < config->member_count; i++) {
		n += vrrp_vouch_counts(config, i) ? 1 : 0;
	}
	return n > k ? n - k : 1;
}

/* Nothing stands in the way but the disk. */
static enum vrrp_vouch promise(const struct vrrp_vouch_case *question)
{
	return (question->vouched_durable && vrrp_ballot_equal(&question->vouched, &question->ballot)) ||
			       VRRP_MUTANT(vouch_need_not_be_durable)
		       ? VRRP_VOUCH_YES
		       : VRRP_VOUCH_STORE;
}

/* My position is final. */
static enum vrrp_vouch compare(const struct vrrp_vouch_case *question)
{
	if (!question->complete) {
		return VRRP_VOUCH_LOOK;
	}
	if (question->ahead && !VRRP_MUTANT(vouches_although_ahead)) {
		return question->candidate_known ? VRRP_VOUCH_AHEAD : VRRP_VOUCH_LOOK;
	}
	return promise(question);
}

static enum vrrp_vouch judge_down(const struct vrrp_vouch_case *question)
{
	const struct vrrp_pg *pg = &question->pg;

	if ((!pg->gone || !pg->position_known || question->self) && !VRRP_MUTANT(crashed_one_vouches)) {
		return VRRP_VOUCH_DOWN; /* a standby's end, and that of a crash, is not what pg_control says */
	}
	return pg->sealed || VRRP_MUTANT(vouches_unsealed) ? compare(question) : VRRP_VOUCH_SEAL;
}

enum vrrp_vouch vrrp_vouch_judge(const struct vrrp_vouch_case *question)
{
	const struct vrrp_pg *pg = &question->pg;

	if ((vrrp_ballot_compare(&question->vouched, &question->ballot) > 0 ||
		    vrrp_ballot_compare(&question->epoch, &question->ballot) > 0) &&
		!VRRP_MUTANT(vouches_for_an_older_ballot)) {
		return VRRP_VOUCH_PASSED;
	}
	if (question->diverged && !VRRP_MUTANT(diverged_one_vouches)) {
		return VRRP_VOUCH_DIVERGED;
	}
	if (question->state_lost && !VRRP_MUTANT(vouches_without_its_state)) {
		return VRRP_VOUCH_LOST;
	}
	if (!pg->fsync_on && !VRRP_MUTANT(vouches_without_fsync)) {
		return VRRP_VOUCH_FSYNC;
	}
	if (!pg->up) {
		return judge_down(question);
	}
	if (!pg->in_recovery) {
		return question->self || VRRP_MUTANT(running_primary_vouches) ? promise(question) : VRRP_VOUCH_PRIMARY;
	}
	if (question->source) {
		return promise(question);
	}
	if (question->complete && question->ahead && question->eligible) {
		return question->candidate_known ? VRRP_VOUCH_AHEAD : VRRP_VOUCH_LOOK;
	}
	if ((pg->receiver || !pg->no_upstream) && !VRRP_MUTANT(vouches_while_attached)) {
		return VRRP_VOUCH_DETACH;
	}
	return pg->position_known || VRRP_MUTANT(vouches_at_an_unknown_position) ? compare(question) : VRRP_VOUCH_LOOK;
}

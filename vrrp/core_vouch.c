/* Durability quorum: vouchers given, and vouchers collected by the holder (protocol.md section 7; vouch.h). */
#include "vrrp/core_internal.h"

#include <string.h>

#define ANSWER_YES 1
#define ANSWER_NO 2

/* With one of these PostgreSQL can neither be started again nor write down that it has vouched. */
#define DISK_FAULTS                                                                                                    \
	(VRRP_FAULT_BIT(VRRP_FAULT_WAL_STUCK) | VRRP_FAULT_BIT(VRRP_FAULT_DISK_STUCK) | VRRP_FAULT_BIT(VRRP_FAULT_DISK))

void core_look(struct vrrp_core *core, struct vrrp_update *update)
{
	if (!vrrp_time_before(core->now, core->look_at)) {
		core->look_at = vrrp_time_add(core->now, CORE_LOOK_US);
		core_act(update, VRRP_ACT_PROBE);
	}
}

struct vrrp_time core_look_deadline(const struct vrrp_core *core)
{
	return vrrp_time_before(core->now, core->look_at) ? core->look_at : VRRP_TIME_NEVER;
}

static struct vrrp_vouch_case own_case(const struct vrrp_core *core, const struct vrrp_ballot *ballot)
{
	struct vrrp_position own = core_own_position(core);
	struct vrrp_vouch_case question = { .pg = core->pg,
		.ballot = *ballot,
		.vouched = core->stored.vouched,
		.epoch = core->stored.epoch,
		.vouched_durable = core->stored_ticket >= core->vouch_ticket,
		.diverged = core->stored.diverged,
		.state_lost = core->state_lost && core_is_silent(core),
		.eligible = vrrp_core_faults(core) == 0,
		.complete = vrrp_position_is_complete(&own) };

	/* What an order of mine made of primary_conninfo counts before a look that may be older [A3]. */
	question.pg.no_upstream =
		question.pg.no_upstream && (!core->attached || VRRP_MUTANT(older_look_proves_detachment));
	return question;
}

/* `ballot` on its way to the disk. */
static void promise(struct vrrp_core *core, const struct vrrp_ballot *ballot)
{
	if (!vrrp_ballot_equal(&core->stored.vouched, ballot)) {
		core->stored.vouched = *ballot;
		core->vouch_ticket = core_store(core);
	}
}

/* DETACH or SEAL: at once for a new ballot, again after a while if it had no effect. */
static void order(
	struct vrrp_core *core, struct vrrp_update *update, enum vrrp_pg_op op, const struct vrrp_ballot *ballot)
{
	bool again = vrrp_ballot_equal(&core->detach_ballot, ballot);

	if (core->op != VRRP_PG_OP_NONE) {
		return;
	}
	if (again && vrrp_time_before(core->now, core->detach_again_at)) {
		core_look(core, update);
		return;
	}
	core->detach_ballot = *ballot;
	core->detach_again_at = vrrp_time_add(core->now, CORE_OP_BACKOFF_MIN_US);
	core_pg_order(core, update, op, VRRP_MEMBER_NONE);
}

/* What stands between the question and its answer is set going; all of it that may run at once, at once. */
static void prepare(struct vrrp_core *core, struct vrrp_update *update, enum vrrp_vouch next,
	const struct vrrp_vouch_case *question)
{
	switch (next) {
	case VRRP_VOUCH_STORE:
		promise(core, &question->ballot);
		break;
	case VRRP_VOUCH_DETACH:
	case VRRP_VOUCH_SEAL:
		if (!question->ahead) {
			promise(core, &question->ballot);
		}
		order(core, update, next == VRRP_VOUCH_SEAL ? VRRP_PG_OP_SEAL : VRRP_PG_OP_DETACH, &question->ballot);
		break;
	case VRRP_VOUCH_LOOK:
		core_look(core, update);
		break;
	case VRRP_VOUCH_YES:
	case VRRP_VOUCH_AHEAD:
	case VRRP_VOUCH_PASSED:
	case VRRP_VOUCH_DIVERGED:
	case VRRP_VOUCH_LOST:
	case VRRP_VOUCH_FSYNC:
	case VRRP_VOUCH_DOWN:
	case VRRP_VOUCH_PRIMARY:
	case VRRP_VOUCH_COUNT:
	default:
		break;
	}
}

/* ---- giving ---- */

/* Who asks me for a voucher: the holder of the highest ballot that a fresh report shows, if it is PROMOTING; or -1. */
static int asker(const struct vrrp_core *core)
{
	int index = core_other_holder(core);
	const struct vrrp_report *report = index < 0 ? NULL : &core->peer[index].report;

	return report != NULL && report->role == VRRP_ROLE_PROMOTING && core_same_digest(core, report) &&
			       !core_is_foreign(core, report) && !vrrp_ballot_is_none(&report->ballot) &&
			       report->ballot.member == report->sender
		       ? index
		       : -1;
}

/*
 * A data member whose state file is lost has no epoch, and the comparison would take its tail for the one that was
 * passed. It may be what was acknowledged last, also when the candidate has lost its own. Only a candidate that has all
 * of it gets that member's voucher.
 */
static bool forgot_who_was_passed(const struct vrrp_position *own, const struct vrrp_position *candidate)
{
	enum vrrp_lineage lineage = vrrp_history_compare(own, candidate, NULL);

	return vrrp_ballot_is_none(&own->epoch) && lineage != VRRP_LINEAGE_EQUAL && lineage != VRRP_LINEAGE_A_PREFIX &&
	       !VRRP_MUTANT(vouches_without_an_epoch);
}

static struct vrrp_vouch_case asked_case(const struct vrrp_core *core, unsigned index)
{
	const struct vrrp_report *report = &core->peer[index].report;
	struct vrrp_vouch_case question = own_case(core, &report->ballot);
	struct vrrp_standing candidate = vrrp_standing_from_report(report);
	struct vrrp_standing own = core_own_standing(core);

	question.source = core->pg.receiver && core->pg.streaming && core->pg.upstream == index;
	question.ahead = !core_is_my_source(core, &candidate) &&
			 (vrrp_standing_ahead(&own, &candidate, 0) || forgot_who_was_passed(&own.at, &candidate.at));
	question.candidate_known = (report->flags & VRRP_FLAG_POSITION_KNOWN) != 0 &&
				   (report->flags & VRRP_FLAG_STALE_HISTORY) == 0 &&
				   vrrp_position_is_complete(&candidate.at);
	return question;
}

static void answer(
	struct vrrp_core *core, struct vrrp_update *update, const struct vrrp_report *report, enum vrrp_vouch verdict)
{
	struct vrrp_report_voucher voucher = { .ballot = report->ballot,
		.position = core_own_position(core).position,
		.answer = verdict == VRRP_VOUCH_YES ? ANSWER_YES : ANSWER_NO };
	bool news =
		core->voucher.answer != voucher.answer || !vrrp_ballot_equal(&core->voucher.ballot, &voucher.ballot);

	core->voucher = voucher;
	core->send_now = core->send_now || news;
	if (news) {
		core_log(update, VRRP_LOG_INFO, "%s member %u, ballot %llu, at " VRRP_LSN_FMT,
			verdict == VRRP_VOUCH_YES ? "vouch for" : "do not vouch, being ahead, for", report->sender,
			(unsigned long long)report->ballot.counter, VRRP_LSN_ARG(voucher.position));
	}
}

/* What I cannot say yes to, said once for each ballot. */
static void tell(
	struct vrrp_core *core, struct vrrp_update *update, const struct vrrp_report *report, enum vrrp_vouch verdict)
{
	if (verdict < VRRP_VOUCH_PASSED || (core->vouch_told == (uint8_t)verdict &&
						   vrrp_ballot_equal(&core->vouch_told_ballot, &report->ballot))) {
		return;
	}
	core->vouch_told = (uint8_t)verdict;
	core->vouch_told_ballot = report->ballot;
	core_log(update, VRRP_LOG_INFO, "no voucher for member %u, ballot %llu: %s", report->sender,
		(unsigned long long)report->ballot.counter, vrrp_vouch_word(verdict));
}

void core_vouch_tick(struct vrrp_core *core, struct vrrp_update *update)
{
	int index;
	const struct vrrp_report *report;
	struct vrrp_vouch_case question;
	enum vrrp_vouch verdict;

	core->vouch_pending = false;
	if (core->config.durability != VRRP_DURABILITY_QUORUM || vrrp_role_holds(core->role) || core->stopping ||
		!core->pg_seen || !vrrp_vouch_counts(&core->config, core->config.self)) {
		return;
	}
	index = asker(core);
	if (index < 0) {
		return;
	}
	report = &core->peer[index].report;
	if (core->voucher.answer == ANSWER_YES && vrrp_ballot_equal(&core->voucher.ballot, &report->ballot)) {
		return; /* a promise: it needs no second look */
	}
	question = asked_case(core, (unsigned)index);
	verdict = vrrp_vouch_judge(&question);
	/*
	 * A look may have begun before the order whose end came first: only the second one after it is surely younger,
	 * and shows what the order, say a FOLLOW to an older holder, has made of the receiver.
	 */
	if ((verdict == VRRP_VOUCH_YES || verdict == VRRP_VOUCH_STORE) &&
		(core->op != VRRP_PG_OP_NONE || core->looks_due > 0)) {
		promise(core, &report->ballot);
		verdict = VRRP_VOUCH_LOOK;
	}
	core->vouch_pending = core->pg.gone && question.complete &&
			      (verdict == VRRP_VOUCH_SEAL || verdict == VRRP_VOUCH_STORE || verdict == VRRP_VOUCH_LOOK);
	if (verdict == VRRP_VOUCH_YES || verdict == VRRP_VOUCH_AHEAD) {
		answer(core, update, report, verdict);
	} else {
		prepare(core, update, verdict, &question);
		tell(core, update, report, verdict);
	}
}

/* ---- collecting ---- */

void core_vouch_begin(struct vrrp_core *core)
{
	core->fetch_from = VRRP_MEMBER_NONE;
	core->short_since = VRRP_TIME_NONE;
	core->sync_told = false;
	if (core->config.durability == VRRP_DURABILITY_QUORUM) {
		promise(core, &core->ballot);
	}
}

static enum vrrp_vouch own_verdict(const struct vrrp_core *core, struct vrrp_vouch_case *ret_question)
{
	enum vrrp_vouch verdict;

	*ret_question = own_case(core, &core->ballot);
	ret_question->self = true;
	ret_question->candidate_known = true;
	verdict = vrrp_vouch_judge(ret_question);
	return verdict == VRRP_VOUCH_YES && (core->op == VRRP_PG_OP_DETACH || core->op == VRRP_PG_OP_FOLLOW)
		       ? VRRP_VOUCH_LOOK
		       : verdict;
}

/* What the others have said, and can still say. */
struct tally {
	unsigned yes;
	unsigned ready;   /* yes, or can answer now */
	unsigned present; /* yes, or in sight and neither refused nor passed */
	int refuser;      /* index of the best that refused, one that may be promoted before others; -1 = none */
	bool passed;      /* a higher ballot was vouched for, or is somebody's epoch */
};

static bool better_refuser(const struct vrrp_core *core, const struct vrrp_report *report, int found)
{
	struct vrrp_standing one = vrrp_standing_from_report(report);
	struct vrrp_standing other;

	if (found < 0) {
		return true;
	}
	other = vrrp_standing_from_report(&core->peer[found].report);
	return one.eligible != other.eligible ? one.eligible : vrrp_standing_better(&one, false, &other, false, 0);
}

/* A no that my position has overtaken since, fetched or just reported, will be answered anew. */
static bool is_ahead(const struct vrrp_core *core, const struct vrrp_report *report)
{
	struct vrrp_standing own = core_own_standing(core);
	struct vrrp_standing other = vrrp_standing_from_report(report);

	return vrrp_standing_ahead(&other, &own, 0) || forgot_who_was_passed(&other.at, &own.at);
}

static void count_one(const struct vrrp_core *core, unsigned index, struct tally *tally)
{
	const struct vrrp_report *report = core_fresh(core, index);
	bool asked;
	bool standby;

	if (report == NULL || !core_same_digest(core, report) || core_is_foreign(core, report)) {
		return;
	}
	asked = vrrp_ballot_equal(&report->voucher.ballot, &core->ballot) || VRRP_MUTANT(voucher_of_any_ballot);
	standby = (report->flags & VRRP_FLAG_PG_UP) == 0 || (report->flags & VRRP_FLAG_IN_RECOVERY) != 0;
	if (vrrp_ballot_compare(&report->epoch, &core->ballot) > 0 ||
		vrrp_ballot_compare(&report->voucher.ballot, &core->ballot) > 0) {
		tally->passed = true;
	} else if (asked && report->voucher.answer == ANSWER_NO && is_ahead(core, report)) {
		tally->refuser = better_refuser(core, report, tally->refuser) ? (int)index : tally->refuser;
	} else if (asked && report->voucher.answer == ANSWER_YES) {
		tally->yes++;
		tally->ready++;
		tally->present++;
	} else if ((report->flags & VRRP_FLAG_DIVERGED) == 0) {
		tally->present++;
		tally->ready += standby && (report->flags & (VRRP_FLAG_PG_UP | VRRP_FLAG_POSITION_KNOWN)) != 0 ? 1 : 0;
	}
}

static struct tally count(const struct vrrp_core *core)
{
	struct tally tally = { .refuser = -1, .ready = 1, .present = 1 }; /* myself */

	for (unsigned i = 0; i < core->config.member_count; i++) {
		if (i != core->config.self && vrrp_vouch_counts(&core->config, i)) {
			count_one(core, i, &tally);
		}
	}
	return tally;
}

static unsigned vouchers_heard(const struct vrrp_core *core)
{
	unsigned present = 0;

	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);

		present += report != NULL && vrrp_vouch_counts(&core->config, i) && core_same_digest(core, report) &&
					   !core_is_foreign(core, report)
				   ? 1
				   : 0;
	}
	return present;
}

bool core_vouchers_in_sight(const struct vrrp_core *core)
{
	return core->config.durability != VRRP_DURABILITY_QUORUM ||
	       vouchers_heard(core) + 1 >= vrrp_vouch_needed(&core->config);
}

bool core_can_be_followed(const struct vrrp_core *core, uint32_t unfit)
{
	/* Behind a disk that hangs or is full I shall not vouch; after anything else I start again, and can. */
	unsigned own = (unfit & DISK_FAULTS) == 0 || VRRP_MUTANT(followed_without_vouchers) ? 1 : 0;

	return core_eligible_other(core) && (core->config.durability != VRRP_DURABILITY_QUORUM ||
						    vouchers_heard(core) + own >= vrrp_vouch_needed(&core->config));
}

/*
 * The missing WAL of a member that may not be promoted itself (section 7, "else, if its own history is a prefix"): it
 * is written down first whose history is taken over, even when that epoch is lower: what it fetches is of that one.
 */
static void fetch(struct vrrp_core *core, struct vrrp_update *update)
{
	const struct vrrp_report *report = core_fresh(core, core->fetch_from);

	if (report == NULL || report->voucher.answer != ANSWER_NO ||
		!vrrp_ballot_equal(&report->voucher.ballot, &core->ballot)) {
		core->fetch_from = VRRP_MEMBER_NONE;
		return;
	}
	core->fetch_to = report->voucher.position;
	if (!vrrp_ballot_equal(&core->stored.epoch, &report->epoch) && !VRRP_MUTANT(fetches_under_its_own_epoch)) {
		core->stored.epoch = report->epoch;
		core->epoch_ticket = core_store(core);
	}
	if (core->stored_ticket < core->epoch_ticket || core->op != VRRP_PG_OP_NONE) {
		return;
	}
	if (core->pg.position >= core->fetch_to) {
		core->fetch_from = VRRP_MEMBER_NONE; /* asks again: detached first, at the new position */
		core->detach_ballot = (struct vrrp_ballot){ 0 };
		core->send_now = true;
	} else if ((!core->pg.receiver || core->pg.upstream != core->fetch_from) &&
		   !vrrp_time_before(core->now, core->fetch_again_at)) {
		core->fetch_again_at = vrrp_time_add(core->now, CORE_OP_BACKOFF_MIN_US);
		core_pg_order(core, update, VRRP_PG_OP_FOLLOW, core->fetch_from);
	} else {
		core_look(core, update);
	}
}

/* Refused, and n - k cannot be reached without that member (A7). */
static void refused(struct vrrp_core *core, struct vrrp_update *update, unsigned index)
{
	const struct vrrp_report *report = &core->peer[index].report;
	struct vrrp_position own = core_own_position(core);
	struct vrrp_position theirs = vrrp_position_from_report(report);

	if ((report->flags & VRRP_FLAG_ELIGIBLE) != 0 && !VRRP_MUTANT(refused_by_a_better_one_it_stays)) {
		core_log(update, VRRP_LOG_NOTICE,
			"member %u has WAL that is missing here (" VRRP_LSN_FMT "): release for it", report->sender,
			VRRP_LSN_ARG(report->voucher.position));
		core_stand_pause(core, 0);
		core_let_go(core, update, VRRP_CAUSE_NO_VOUCHERS);
	} else if (core->pg.in_recovery && vrrp_position_is_prefix(&own, &theirs)) {
		core_log(update, VRRP_LOG_NOTICE, "fetch the WAL up to " VRRP_LSN_FMT " from member %u",
			VRRP_LSN_ARG(report->voucher.position), report->sender);
		core->fetch_from = (uint8_t)index;
		core->fetch_again_at = core->now;
		fetch(core, update);
	} else {
		core_log(
			update, VRRP_LOG_ERR, "member %u has history that cannot be fetched from here", report->sender);
		core->held_until = vrrp_time_add(core->now, core->config.fault_hold_us);
		core_let_go(core, update, VRRP_CAUSE_NO_VOUCHERS);
	}
}

/* Too few in sight: a lease's time for them to come back; who runs a primary has nothing better to do than to wait. */
static void wait_for_more(struct vrrp_core *core, struct vrrp_update *update, const struct tally *tally)
{
	if (core->short_since.us == 0) {
		core->short_since = core->now;
	}
	if (tally->passed ||
		(core->pg.in_recovery && vrrp_time_diff_us(core->now, core->short_since) >= core->config.lease_us)) {
		core_stand_pause(core, 0);
		core_let_go(core, update, VRRP_CAUSE_NO_VOUCHERS);
	}
}

void core_vouch_prepare(struct vrrp_core *core, struct vrrp_update *update)
{
	struct vrrp_vouch_case question;

	if (core->fetch_from != VRRP_MEMBER_NONE) {
		fetch(core, update);
	}
	if (core->fetch_from == VRRP_MEMBER_NONE) {
		prepare(core, update, own_verdict(core, &question), &question);
	}
}

bool core_vouch_collect(struct vrrp_core *core, struct vrrp_update *update)
{
	unsigned needed = vrrp_vouch_needed(&core->config);
	struct vrrp_vouch_case question;
	enum vrrp_vouch own = own_verdict(core, &question);
	struct tally tally = count(core);

	if (own == VRRP_VOUCH_FSYNC || own == VRRP_VOUCH_DIVERGED || own == VRRP_VOUCH_DOWN ||
		own == VRRP_VOUCH_PASSED) {
		core_log(update, VRRP_LOG_ERR, "not promoted: %s", vrrp_vouch_word(own));
		core_stand_pause(core, core->config.lease_us);
		core_let_go(core, update, VRRP_CAUSE_NO_VOUCHERS);
	} else if (core->fetch_from != VRRP_MEMBER_NONE) {
		core->short_since = VRRP_TIME_NONE;
	} else if (own == VRRP_VOUCH_YES && tally.yes + 1 >= needed) {
		return true;
	} else if (tally.refuser >= 0 && tally.ready < needed) {
		core->short_since = VRRP_TIME_NONE; /* counted anew if that member goes too */
		if (own == VRRP_VOUCH_YES) {        /* no is said to a known position; mine may have grown since */
			refused(core, update, (unsigned)tally.refuser);
		}
	} else if (tally.present < needed) {
		wait_for_more(core, update, &tally);
	} else {
		core->short_since = VRRP_TIME_NONE;
	}
	return false;
}

struct vrrp_time core_vouch_deadline(const struct vrrp_core *core)
{
	struct vrrp_time at = core_look_deadline(core);
	struct vrrp_time short_end = vrrp_time_add(core->short_since, core->config.lease_us);

	if (core->phase != VRRP_HOLD_VOUCHING) {
		return at;
	}
	if (core->short_since.us != 0 && core->pg.in_recovery && vrrp_time_before(core->now, short_end)) {
		at = vrrp_time_min(at, short_end);
	}
	if (core->fetch_from != VRRP_MEMBER_NONE && vrrp_time_before(core->now, core->fetch_again_at)) {
		at = vrrp_time_min(at, core->fetch_again_at);
	}
	return at;
}

#include "vrrp/peer.h"
#include "vrrp/mutant.h"

#include <string.h>

const struct vrrp_report_echo *vrrp_report_echo_find(const struct vrrp_report *report, uint8_t member)
{
	for (size_t i = 0; i < report->echo_count && i < VRRP_MEMBERS_MAX; i++) {
		if (report->echo[i].member == member) {
			return &report->echo[i];
		}
	}
	return NULL;
}

static bool entry_is_fresh(uint64_t incarnation, uint64_t seq, const struct vrrp_peer_self *self, struct vrrp_time now)
{
	const struct vrrp_sent *sent;

	if (VRRP_MUTANT(every_report_is_fresh)) {
		return true;
	}
	if (incarnation != self->incarnation) {
		return false;
	}
	sent = vrrp_sent_find(self->sent, seq);
	return sent != NULL && vrrp_time_diff_us(now, sent->at) < self->lease_us;
}

bool vrrp_report_is_fresh(const struct vrrp_report *report, const struct vrrp_peer_self *self, struct vrrp_time now)
{
	const struct vrrp_report_echo *echo = vrrp_report_echo_find(report, self->member);

	return echo != NULL && (entry_is_fresh(echo->believed_incarnation, echo->believed_seq, self, now) ||
				       entry_is_fresh(echo->other_incarnation, echo->other_seq, self, now));
}

bool vrrp_peer_speaks(const struct vrrp_peer *peer, struct vrrp_time now)
{
	return peer->report.sender != 0 && vrrp_time_before(now, peer->speaks_until);
}

void vrrp_peer_forget_freshness(struct vrrp_peer *peer)
{
	peer->speaks_until = VRRP_TIME_NONE;
}

struct vrrp_report_echo vrrp_peer_echo(const struct vrrp_peer *peer, uint8_t member)
{
	if (VRRP_MUTANT(echo_of_believed_only)) {
		return (struct vrrp_report_echo){ .member = member,
			.believed_incarnation = peer->believed_incarnation,
			.believed_seq = peer->believed_seq };
	}
	return (struct vrrp_report_echo){ .member = member,
		.believed_incarnation = peer->believed_incarnation,
		.believed_seq = peer->believed_seq,
		.other_incarnation = peer->other_incarnation,
		.other_seq = peer->other_seq };
}

/* A fresh report of another incarnation than the believed one: it is believed from now on. */
static void believe(struct vrrp_peer *peer, const struct vrrp_report *report, int64_t lease_us, struct vrrp_time now)
{
	if (peer->believed_incarnation != 0) {
		peer->replaced_incarnation = peer->believed_incarnation;
		peer->replaced_until = vrrp_time_add(now, lease_us);
		peer->other_incarnation = peer->believed_incarnation;
		peer->other_seq = peer->believed_seq;
	} else {
		peer->other_incarnation = 0;
		peer->other_seq = 0;
	}
	peer->believed_incarnation = report->incarnation;
	peer->hello_due = false;
}

/* Notes the other incarnation for the echo and asks for an answer at once, at a bounded rate (D1). */
static void note_other(struct vrrp_peer *peer, const struct vrrp_report *report, struct vrrp_time now)
{
	if (report->incarnation == peer->other_incarnation && report->seq <= peer->other_seq) {
		return; /* an older copy: the echo must not go backwards */
	}
	peer->other_incarnation = report->incarnation;
	peer->other_seq = report->seq;
	if (vrrp_time_diff_us(now, peer->hello_at) >= VRRP_US_PER_S / VRRP_PEER_HELLO_PER_S) {
		peer->hello_at = now;
		peer->hello_due = !VRRP_MUTANT(new_incarnation_not_answered);
	}
}

static void store(struct vrrp_peer *peer, const struct vrrp_report *report, int64_t lease_us, struct vrrp_time now)
{
	peer->report = *report;
	peer->heard_at = now;
	peer->speaks_until = vrrp_time_add(now, lease_us);
}

struct vrrp_peer_verdict vrrp_peer_take(struct vrrp_peer *peer, const struct vrrp_peer_self *self,
	const struct vrrp_report *report, struct vrrp_time now)
{
	struct vrrp_peer_verdict verdict = { .drop = VRRP_DROP_NONE };

	peer->authentic_at = now;
	verdict.fresh = vrrp_report_is_fresh(report, self, now);
	if (report->incarnation != peer->believed_incarnation) {
		bool replaced = report->incarnation == peer->replaced_incarnation &&
				vrrp_time_before(now, peer->replaced_until);

		if ((!verdict.fresh && !VRRP_MUTANT(stale_incarnation_believed)) ||
			(replaced && !VRRP_MUTANT(replaced_incarnation_believed))) {
			note_other(peer, report, now);
			verdict.drop = VRRP_DROP_INCARNATION;
			verdict.fresh = false;
			return verdict;
		}
		if (report->incarnation == peer->replaced_incarnation) {
			/* Alive a lease after it was replaced: two daemons use this member's identity. */
			peer->duplicate_until = vrrp_time_add(now, VRRP_PEER_DUPLICATE_LEASES * self->lease_us);
		}
		believe(peer, report, self->lease_us, now);
		verdict.new_incarnation = true;
	} else if (report->seq <= peer->believed_seq && !VRRP_MUTANT(seq_may_go_back)) {
		verdict.drop = VRRP_DROP_SEQ;
		verdict.fresh = false;
		return verdict;
	}
	peer->believed_seq = report->seq;
	if (vrrp_time_before(now, peer->duplicate_until)) {
		verdict.drop = VRRP_DROP_DUPLICATE;
		verdict.fresh = false;
		peer->speaks_until = VRRP_TIME_NONE;
		return verdict;
	}
	if (verdict.fresh) {
		store(peer, report, self->lease_us, now);
	}
	return verdict;
}

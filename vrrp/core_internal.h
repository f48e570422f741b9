/*
 * What the core's files share with each other and with nobody else: core.c (steps), core_start.c, core_peers.c (reports
 * and the view of the others), core_vote.c and core_long.c (voter), core_members.c (member lists), core_stand.c
 * (candidate), core_take.c, core_hold.c and core_restart.c (holder), core_pause.c, core_pg.c (standby, rejoin),
 * core_history.c (own history and lag, whom to follow), core_vouch.c (vouchers) and core_sync.c (sync names) of
 * durability quorum, core_track.c (tracked scripts, an unfit MASTER), core_report.c (the own report), core_role.c (the
 * only writer of the role).
 */
#ifndef VRRP_CORE_INTERNAL_H
#define VRRP_CORE_INTERNAL_H

#include "vrrp/core.h"
#include "vrrp/mutant.h"
#include "vrrp/ranking.h"
#include "vrrp/vouch.h"

/* Leases after which a running primary, or a better candidate, that does not win stops blocking others (D3). */
#define CORE_D3_LEASES 3
/* The shortest wait between ranks, and part of advert_int (protocol.md section 4, "The r-th best"). */
#define CORE_RANK_WAIT_MIN_US (5 * VRRP_US_PER_MS)
#define CORE_RANK_WAIT_PART 8
/* The lifetime of a bound address is refreshed at most this often; it ends a second after the lease. */
#define CORE_REFRESH_US (250 * VRRP_US_PER_MS)
#define CORE_LIFETIME_EXTRA_S 1
/* Announcements because of a second claimant: at most this often. */
#define CORE_CLAIM_US (100 * VRRP_US_PER_MS)
/* A failed start, rewind or clone is tried again after this, doubling. */
#define CORE_OP_BACKOFF_MIN_US VRRP_US_PER_S
#define CORE_OP_BACKOFF_MAX_US (60 * VRRP_US_PER_S)
/* A postmaster that died is started again no sooner than this. */
#define CORE_RESTART_PAUSE_US (50 * VRRP_US_PER_MS)
#define CORE_HISTORY_RETRY_US VRRP_US_PER_S
/* A WAL receiver that still connects to the holder it was pointed at is nudged no sooner than this. */
#define CORE_NUDGE_US (10 * VRRP_US_PER_S)
/* Durability quorum: while an election waits for something that only a look can show, one is taken this often. */
#define CORE_LOOK_US (10 * VRRP_US_PER_MS)
/* The first look after an order's end may have begun before it, and show what was then. */
#define CORE_LOOKS_SURE 2
/* A walsender re-reads its configuration by itself; one that still counts after this is terminated. */
#define CORE_SYNC_PATIENCE_US (100 * VRRP_US_PER_MS)
#define CORE_SYNC_RETRY_US VRRP_US_PER_S
/* State that could not be made durable is tried again after this; until then the member is not eligible. */
#define CORE_STORE_RETRY_US VRRP_US_PER_S
/* One report raises the highest counter seen by no more than this: a hostile one must not use the numbers up (I7). */
#define CORE_COUNTER_LEAP (UINT64_C(1) << 32)

/* core_role.c */
struct vrrp_action *core_act(struct vrrp_update *update, enum vrrp_action_kind kind);
void core_log(struct vrrp_update *update, enum vrrp_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void core_role_set(struct vrrp_core *core, struct vrrp_update *update, enum vrrp_cause cause);

/* core.c */
bool core_is_witness(const struct vrrp_core *core);
uint8_t core_self_id(const struct vrrp_core *core);
int core_index_of(const struct vrrp_core *core, uint8_t id); /* -1 = no member */
int64_t core_rank_wait_us(const struct vrrp_core *core);
uint32_t core_ms_until(const struct vrrp_core *core, struct vrrp_time end); /* rounded up; held at 0 and UINT32_MAX */
void core_stop(struct vrrp_core *core, struct vrrp_update *update);         /* begins the clean stop */
uint64_t core_store(struct vrrp_core *core); /* marks as due; returns the ticket it will have */

/* core_peers.c */
void core_take_report(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update);
const struct vrrp_report *core_fresh(const struct vrrp_core *core, unsigned index); /* or NULL */
bool core_same_digest(const struct vrrp_core *core, const struct vrrp_report *report);
/* Its data is another PostgreSQL cluster's: its vote counts, its data does not (section 3.2). */
bool core_is_foreign(const struct vrrp_core *core, const struct vrrp_report *report);
void core_view_others(struct vrrp_core *core, struct vrrp_update *update);
unsigned core_fresh_count(const struct vrrp_core *core); /* of my digest, myself included */
/* Another member that a fresh report shows as holder; -1 = none. */
int core_other_holder(const struct vrrp_core *core);
struct vrrp_standing core_own_standing(const struct vrrp_core *core);
/* A primary passed by no higher epoch in any fresh report or my own. */
bool core_is_running_primary(const struct vrrp_core *core, const struct vrrp_standing *standing);
bool core_eligible_other(const struct vrrp_core *core);
struct vrrp_position core_own_position(const struct vrrp_core *core);
void core_note_own_position(struct vrrp_core *core);
bool core_beyond_max_lag(const struct vrrp_core *core, const struct vrrp_position *at);

/* core_vote.c */
void core_vote(struct vrrp_core *core, unsigned index, const struct vrrp_report *report, struct vrrp_update *update);
/* An ask of a member one step apart: a renewal of the running grant is answered, nothing else (section 4.5). */
void core_renew_across(struct vrrp_core *core, const struct vrrp_report *report);
void core_vote_self(struct vrrp_core *core, int64_t ask_us);
bool core_bound_to_other(const struct vrrp_core *core);
bool core_primary_is_known(const struct vrrp_core *core, uint8_t candidate);
bool core_is_silent(const struct vrrp_core *core);

/* All its WAL came from this running primary (section 4, the veto; section 7). */
bool core_is_my_source(const struct vrrp_core *core, const struct vrrp_standing *candidate);

/* core_members.c */
struct vrrp_member_list core_configured_members(const struct vrrp_core *core);
void core_members_start(struct vrrp_core *core, struct vrrp_update *update);
void core_members_tick(struct vrrp_core *core, struct vrrp_update *update);
void core_accept_members(struct vrrp_core *core, struct vrrp_update *update);
void core_note_digest(struct vrrp_core *core, unsigned index, const struct vrrp_report *report);
/* Another digest, but all that it is made of is the same except for one member. */
bool core_one_step_apart(const struct vrrp_core *core, const struct vrrp_report *report);
/* The same digest, or one step apart: what is no vote may cross that (whom to follow, whom to hand over to). */
bool core_same_or_next(const struct vrrp_core *core, const struct vrrp_report *report);

/* core_stand.c */
/* Stands again no sooner than its rank's turn, and not before at_least_us. */
void core_stand_pause(struct vrrp_core *core, int64_t at_least_us);
void core_stand_tick(struct vrrp_core *core, struct vrrp_update *update);
void core_take_answer(struct vrrp_core *core, unsigned index, const struct vrrp_report *report);
void core_stand_check(struct vrrp_core *core, struct vrrp_update *update);
void core_withdraw(struct vrrp_core *core, struct vrrp_update *update, enum vrrp_cause cause);
void core_release(struct vrrp_core *core);
struct vrrp_time core_stand_deadline(const struct vrrp_core *core);
unsigned core_rank(const struct vrrp_core *core);

/* core_long.c: grants longer than `lease` (B6), and what the clock's rate does to all of them (B3) */
int64_t core_longest_us(const struct vrrp_core *core);                 /* max(lease, restart_grace) */
int64_t core_grant_us(const struct vrrp_core *core, int64_t lease_us); /* how long a voter counts that lease */
struct vrrp_time core_worth(const struct vrrp_core *core, struct vrrp_time sent, int64_t ask_us);
void core_clock_told(struct vrrp_core *core, uint32_t excess_ppm, struct vrrp_update *update);
/* The end of a lease that the process before proved: with which excess it was counted is not known. */
struct vrrp_time core_recount_resumed(const struct vrrp_core *core, struct vrrp_time end);
void core_clock_seen(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update);
void core_long_begin(struct vrrp_core *core, uint64_t incarnation, uint64_t seq, int64_t lease_us);
void core_long_stored(struct vrrp_core *core, struct vrrp_update *update, uint64_t ticket, bool ok);
void core_long_tick(struct vrrp_core *core);

/* core_restart.c */
bool core_token_may_stand(const struct vrrp_core *core); /* and its lease has not ended */
int64_t core_ask_us(const struct vrrp_core *core);       /* what the next report asks for; 0 = nothing */
void core_restart_asked(struct vrrp_core *core, int64_t ask_us);
void core_restart(struct vrrp_core *core, struct vrrp_update *update);
void core_token_done(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update);
void core_restart_tick(struct vrrp_core *core, struct vrrp_update *update);
struct vrrp_time core_restart_deadline(const struct vrrp_core *core);
bool core_may_resume(const struct vrrp_core *core, const struct vrrp_event *event);
void core_resume(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update);

/* core_pause.c */
void core_pause(struct vrrp_core *core, bool pause, struct vrrp_update *update);
void core_pause_heard(struct vrrp_core *core, const struct vrrp_report *report, struct vrrp_update *update);
bool core_pause_allows(const struct vrrp_core *core, const struct vrrp_standing *standing);
bool core_pause_allows_me(const struct vrrp_core *core);

/* core_take.c */
void core_hold_begin(struct vrrp_core *core, struct vrrp_update *update);
void core_hold_fenced(struct vrrp_core *core, struct vrrp_update *update, uint64_t ticket, bool ok);
void core_hold_stored(struct vrrp_core *core, struct vrrp_update *update, uint64_t ticket, bool ok);
void core_take_primary(struct vrrp_core *core, struct vrrp_update *update); /* PostgreSQL is out of recovery */
void core_take_tick(struct vrrp_core *core, struct vrrp_update *update);    /* durability quorum, PROMOTING */

/* core_hold.c */
void core_hold_serve(struct vrrp_core *core, struct vrrp_update *update);
/* What a MASTER does not survive if another is eligible; 0 = fit to serve. */
uint32_t core_hold_unfit(const struct vrrp_core *core);
void core_hold_resume(struct vrrp_core *core, struct vrrp_update *update);
void core_hold_extend(struct vrrp_core *core, struct vrrp_update *update);
void core_hold_shorten(struct vrrp_core *core, struct vrrp_update *update);
void core_hold_check_lease(struct vrrp_core *core, struct vrrp_update *update);
void core_hold_tick(struct vrrp_core *core, struct vrrp_update *update);
void core_hold_pg_done(
	struct vrrp_core *core, struct vrrp_update *update, enum vrrp_pg_op op, bool ok, const struct vrrp_pg *pg);
void core_hold_promote_again(struct vrrp_core *core);
void core_stop_serving(struct vrrp_core *core, struct vrrp_update *update);
void core_finish_leaving(struct vrrp_core *core, struct vrrp_update *update, enum vrrp_cause cause);
void core_hold_pg_died(struct vrrp_core *core, struct vrrp_update *update);
void core_let_go(struct vrrp_core *core, struct vrrp_update *update, enum vrrp_cause cause);
void core_release_lost(struct vrrp_core *core);
void core_announce_again(struct vrrp_core *core, struct vrrp_update *update);
void core_address_lost(struct vrrp_core *core, struct vrrp_update *update);
struct vrrp_time core_hold_deadline(const struct vrrp_core *core);

/* core_pg.c */
void core_pg_seen(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update);
void core_pg_done(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update);
struct vrrp_action *core_pg_order(
	struct vrrp_core *core, struct vrrp_update *update, enum vrrp_pg_op op, unsigned member);
void core_pg_tick(struct vrrp_core *core, struct vrrp_update *update);
struct vrrp_time core_pg_deadline(const struct vrrp_core *core);
bool core_pg_may_be_primary(const struct vrrp_core *core);

/* core_history.c */
void core_history_read(struct vrrp_core *core, const struct vrrp_history *history, struct vrrp_update *update);
void core_keep_history(struct vrrp_core *core, struct vrrp_update *update);
void core_judge_lag(struct vrrp_core *core);
/* The holder's report if it may be followed, and its index; or NULL. */
const struct vrrp_report *core_followable(const struct vrrp_core *core, unsigned *ret_index);

/* core_vouch.c */
void core_look(struct vrrp_core *core, struct vrrp_update *update); /* a probe, at most every CORE_LOOK_US */
struct vrrp_time core_look_deadline(const struct vrrp_core *core);
void core_vouch_tick(struct vrrp_core *core, struct vrrp_update *update); /* answers another's ask */
bool core_vouchers_in_sight(const struct vrrp_core *core);                /* or it is not worth while to stand */
/* Somebody eligible is heard, and would find its vouchers after I have let go for these faults of mine. */
bool core_can_be_followed(const struct vrrp_core *core, uint32_t unfit);
void core_vouch_begin(struct vrrp_core *core);
void core_vouch_prepare(struct vrrp_core *core, struct vrrp_update *update); /* the holder's own voucher, or a fetch */
/* True when n - k vouch for my ballot. May let go. */
bool core_vouch_collect(struct vrrp_core *core, struct vrrp_update *update);
struct vrrp_time core_vouch_deadline(const struct vrrp_core *core);

/* core_sync.c */
uint16_t core_sync_wanted(const struct vrrp_core *core); /* members that may stand in the sync names now */
/* A commit that was acknowledged may be on this member's disk alone besides mine; with durability async always true. */
bool core_sync_counts(const struct vrrp_core *core, unsigned index);
/* SYNC_NAMES or DROP_SENDERS: as core_pg_order(), and what it is about is kept for its end. */
void core_sync_order(struct vrrp_core *core, struct vrrp_update *update, enum vrrp_pg_op op, unsigned set, unsigned k);
void core_sync_tick(struct vrrp_core *core, struct vrrp_update *update);
bool core_sync_named(const struct vrrp_core *core); /* a standby's names are set for this ballot */
bool core_sync_ready(struct vrrp_core *core, struct vrrp_update *update); /* in force: the gate may open */
void core_sync_forget(struct vrrp_core *core); /* PostgreSQL is, or may be, another postmaster's or in recovery */
void core_sync_done(struct vrrp_core *core, enum vrrp_pg_op op, bool ok);
struct vrrp_time core_sync_deadline(const struct vrrp_core *core);

/* core_switch.c */
bool core_switch_begin(struct vrrp_core *core, struct vrrp_update *update, uint8_t wanted);
void core_switch_tick(struct vrrp_core *core, struct vrrp_update *update);
/* True if the switchover under way has taken the order's end for itself. */
bool core_switch_pg_done(
	struct vrrp_core *core, struct vrrp_update *update, enum vrrp_pg_op op, bool ok, const struct vrrp_pg *pg);
void core_switch_checkpoint_done(struct vrrp_core *core, struct vrrp_update *update, uint64_t ticket, bool ok);
struct vrrp_time core_switch_deadline(const struct vrrp_core *core);
bool core_switch_asks(const struct vrrp_core *core);
/* The postmaster is expected to go, or to be gone. */
bool core_switch_stops_postgresql(const struct vrrp_core *core);
uint8_t core_switch_target_id(const struct vrrp_core *core);
void core_note_hint(struct vrrp_core *core, const struct vrrp_report *report, struct vrrp_update *update);
/* A switchover has named me, or somebody that is heard and is not this candidate. */
bool core_is_awaited(const struct vrrp_core *core); /* a switchover to me waits for my position */
bool core_is_target(const struct vrrp_core *core);
bool core_target_goes_first(const struct vrrp_core *core, uint8_t candidate);

/* core_health.c */
void core_health_seen(struct vrrp_core *core, uint32_t faults);
void core_health_tick(struct vrrp_core *core, struct vrrp_update *update); /* a MASTER that stays although unfit */

/* core_failover.c */
void core_failover_begin(struct vrrp_core *core, struct vrrp_update *update, bool accept_loss);
bool core_failover_runs(const struct vrrp_core *core); /* to me */
bool core_failover_accepts(const struct vrrp_core *core);
/* Its own order, which it tells: neither vetoes nor max_lag stand in its way. */
bool core_failover_accepted_by(const struct vrrp_core *core, const struct vrrp_report *report);
bool core_failover_is_other(const struct vrrp_core *core, uint8_t candidate); /* another than it was chosen */
void core_failover_tick(struct vrrp_core *core);
struct vrrp_time core_failover_deadline(const struct vrrp_core *core);

/* core_track.c */
uint32_t core_track_faults(const struct vrrp_core *core); /* of what is tracked without a weight, but for links */
void core_track_seen(struct vrrp_core *core, const struct vrrp_event *event);
/* True if a MASTER must let go now (4.1): not fit to serve, another is, and a switchover would not do, or was tried. */
bool core_unfit_lets_go(struct vrrp_core *core, struct vrrp_update *update);

/* core_start.c */
void core_silence_tick(struct vrrp_core *core);
void core_start(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update);

#endif

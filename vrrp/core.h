/*
 * The core: every decision of protocol.md, made by one pure value through vrrp_core_step(core, event, update).
 *
 * An event carries its time and what happened; the update is an ordered list of actions, to be carried out in that
 * order, and the next absolute deadline. The completion of an action that takes time comes back as an event with the
 * action's ticket. Nothing here has pointers, allocates, reads a clock or logs: the daemon, the simulator, the fuzzer
 * and the exhaustive test run this very object.
 *
 * The caller (vipd/instance.c; tests/sim) owns struct vrrp_core. Event times never go backwards. For a report the
 * clock is read after recvmsg has returned it (B8). When an update has VRRP_ACT_SEND the caller builds the report
 * with vrrp_core_report() after the actions before it are done, and sends the same bytes to every other member.
 */
#ifndef VRRP_CORE_H
#define VRRP_CORE_H

#include "vrrp/core_types.h"

/*
 * Prepares the core. `config` is checked by the caller (vipd/config_check); `incarnation` is random and not 0;
 * `seed` for waiting times. The first event must be VRRP_EVENT_START.
 */
void vrrp_core_init(struct vrrp_core *core, const struct vrrp_core_config *config, uint64_t incarnation, uint64_t seed);

/* The members as they are told to others and compared (vrrp/members.h). */
struct vrrp_member_list vrrp_core_config_members(const struct vrrp_core_config *config);

/* One step. `update` is cleared first. Asserts on programming errors only; any report or PostgreSQL answer is safe. */
void vrrp_core_step(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update);

/* Builds the report of the VRRP_ACT_SEND that the last step ordered (its seq and its time are already noted). */
void vrrp_core_report(const struct vrrp_core *core, struct vrrp_report *ret_report);

/* Questions for status; all pure. Index of the holder by fresh reports, mine included; -1 = nobody known. */
int vrrp_core_holder(const struct vrrp_core *core);
/* PostgreSQL streams from a MASTER whose history was compared and whose epoch was taken over, durably (I6). */
bool vrrp_core_follows(const struct vrrp_core *core);
/* Fault bits that keep this member from being promoted; 0 = eligible. */
uint32_t vrrp_core_faults(const struct vrrp_core *core);
/* This member's effective priority: the configured one and what tracking adds (track.h). */
uint8_t vrrp_core_priority(const struct vrrp_core *core);
/* End of my lease as a holder or candidate; VRRP_TIME_NONE if fewer than a majority grant. */
struct vrrp_time vrrp_core_lease_end(const struct vrrp_core *core);
/* Voters whose grant to me runs at core->now. */
unsigned vrrp_core_grants(const struct vrrp_core *core);
/* Bytes of the newest known MASTER position that member `index` does not have; -1 = unknown. */
int64_t vrrp_core_at_risk_bytes(const struct vrrp_core *core, unsigned index);
/* Majority of the members, or 1 with quorum = none. */
unsigned vrrp_core_majority(const struct vrrp_core *core);

/*
 * Whether VRRP_EVENT_SWITCHOVER to `wanted` (an index; VRRP_MEMBER_NONE: to the best) would begin now; *ret_target is
 * written only if it would.
 */
enum vrrp_switch_refusal vrrp_core_switch_check(const struct vrrp_core *core, uint8_t wanted, uint8_t *ret_target);
bool vrrp_switch_is_under_way(enum vrrp_switch_phase phase);
/* Whether VRRP_EVENT_FAILOVER (ok = accept_loss) would begin now: this member is to be elected. */
enum vrrp_failover_refusal vrrp_core_failover_check(const struct vrrp_core *core, bool accept_loss);
/* Words for log, status and documentation. */
const char *vrrp_failover_refusal_word(unsigned refusal);
const char *vrrp_failover_phase_word(unsigned phase);
const char *vrrp_switch_refusal_word(unsigned refusal);
const char *vrrp_switch_phase_word(unsigned phase);
/* split_config: the same PostgreSQL cluster, but another configuration for longer than a lease (section 4.5). */
bool vrrp_core_is_split(const struct vrrp_core *core, unsigned index);
/* Whether VRRP_EVENT_ACCEPT_MEMBERS would put the configured list in force now. */
enum vrrp_accept_refusal vrrp_core_accept_check(const struct vrrp_core *core);
/* What VRRP_EVENT_PAUSE has changed outlives this process: who asked for it may be told so. */
bool vrrp_core_pause_is_durable(const struct vrrp_core *core);

const char *vrrp_pg_op_word(unsigned op);

/* One line about an action or event, for the daemon's debug log and the simulator's trace. Returns its length. */
int vrrp_trace_event(char *line, size_t size, const struct vrrp_core *core, const struct vrrp_event *event);
int vrrp_trace_action(char *line, size_t size, const struct vrrp_core *core, const struct vrrp_action *action);

#endif

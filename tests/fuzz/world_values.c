/* The values that a byte of the fuzzer's chooses from: what is usual, what is next to it, and what is hostile. */
#include <string.h>

#include "tests/fuzz/world.h"

static struct vrrp_ballot ballot_choose(const struct world *w, unsigned i, struct input *input)
{
	const struct vrrp_report *report = &w->peer[i];
	const struct vrrp_ballot ballots[] = {
		{ 0, 0, 0 },
		w->core.ballot,
		w->core.release,
		w->core.grant.ballot,
		w->core.stored.epoch,
		report->ballot,
		{ w->core.counter_seen + 1, report->incarnation, report->sender },
		{ w->core.ballot.counter + 1, report->incarnation, report->sender },
		{ 1, report->incarnation, report->sender },
		{ UINT64_MAX, report->incarnation, report->sender },
		{ w->core.counter_seen + (UINT64_C(1) << 32), 5, report->sender },
		{ w->core.counter_seen + 1, w->core.incarnation, w->config.member[w->config.self].id },
		{ 7, 7, 200 },
	};
	struct vrrp_ballot ballot = ballots[input_below(input, VRRP_ARRAY_LENGTH(ballots))];

	if (ballot.counter == 0 || ballot.member == 0) {
		ballot = (struct vrrp_ballot){ 0 }; /* others are dropped by the decoder */
	}
	return ballot;
}

static vrrp_lsn position_choose(const struct vrrp_core_config *config, struct input *input)
{
	const vrrp_lsn positions[] = { WORLD_LSN, WORLD_LSN - 4096, WORLD_LSN + 4096, WORLD_LSN + 0x100, 0, 1,
		UINT64_MAX, WORLD_LSN + 2 * config->max_lag_bytes, WORLD_LSN - 0x100, UINT64_C(1) << 63 };

	return positions[input_below(input, VRRP_ARRAY_LENGTH(positions))];
}

static uint32_t timeline_choose(struct input *input)
{
	static const uint32_t timelines[] = { 1, 2, 3, 0, UINT32_MAX, 9 };

	return timelines[input_below(input, VRRP_ARRAY_LENGTH(timelines))];
}

void world_history_choose(struct vrrp_history *ret_history, struct input *input)
{
	struct vrrp_history history = { .count = (uint8_t)input_below(input, VRRP_HISTORY_MAX + 1) };
	unsigned kind = input_byte(input);

	for (unsigned i = 0; i < history.count; i++) {
		history.entry[i] = (struct vrrp_timeline){ .timeline = i + 1,
			.switch_point = i == 0 ? 0 : WORLD_LSN + (i - 1) * 0x100 - (kind & 2) * 0x800,
			.fingerprint = i == 0            ? 0
				       : (kind & 1) != 0 ? 0xe000 + i
							 : 0xf000 + i + 1 };
		if ((kind & 4) != 0 && i > 0) {
			history.entry[i].fingerprint = 0;
		}
	}
	if ((kind & 0xf0) == 0xf0) { /* anything */
		(void)input_bytes(input, history.entry, sizeof(history.entry));
	}
	*ret_history = history;
}

static uint64_t system_choose(struct input *input)
{
	static const uint64_t systems[] = { WORLD_SYSTEM, 0, WORLD_SYSTEM + 1, UINT64_MAX };

	return systems[input_below(input, VRRP_ARRAY_LENGTH(systems))];
}

static uint32_t ms_choose(const struct world *w, struct input *input)
{
	const uint32_t values[] = { 0, 1, 20, (uint32_t)(w->config.lease_us / 1000),
		(uint32_t)(w->config.lease_us / 1000) + 1, (uint32_t)(w->config.restart_grace_us / 1000), UINT32_MAX,
		1000 };

	return values[input_below(input, VRRP_ARRAY_LENGTH(values))];
}

static void grant_choose(struct world *w, struct vrrp_report *report, struct input *input)
{
	unsigned how = input_byte(input);

	report->grant = (struct vrrp_report_grant){ .ballot = w->core.ballot,
		.incarnation = w->core.incarnation + (how & 1),
		.seq = w->core.sent.last_seq,
		.remaining_ms = 900,
		.to = w->config.member[w->config.self].id };
	report->grant.to = (how & 2) != 0 ? 2 : report->grant.to;
	report->grant.seq -= (how & 4) != 0 ? 3 : 0;
	report->grant.seq += (how & 8) != 0 ? 100 : 0;
	report->grant.ballot.counter += (how & 0x30) == 0x30 ? 1 : 0;
	report->grant.ballot.member |= report->grant.ballot.counter != 0 && report->grant.ballot.member == 0 ? 1 : 0;
}

enum field {
	FIELD_ROLE = 0,
	FIELD_BALLOT,
	FIELD_EPOCH,
	FIELD_RELEASE,
	FIELD_HIGHEST,
	FIELD_GRANT,
	FIELD_REFUSAL,
	FIELD_ASK,
	FIELD_FLAGS,
	FIELD_FLAG,
	FIELD_POSITION,
	FIELD_TIMELINE,
	FIELD_HISTORY,
	FIELD_SYSTEM,
	FIELD_DIGEST,
	FIELD_INCARNATION,
	FIELD_SEQ,
	FIELD_ECHO,
	FIELD_FAULTS,
	FIELD_PAUSE,
	FIELD_VOUCHER,
	FIELD_CONFIG,
	FIELD_UPSTREAM,
	FIELD_MASTER, /* several at once: a holder under its epoch */
	FIELD_MEMBERS,
	FIELD_KEYS,
	FIELD_SWITCHOVER,
	FIELD_STREAMS, /* several at once: from me, under my ballot */
	FIELD_COUNT
};

/* The configured list, or one that differs by so many. */
static struct vrrp_member_list list_choose(const struct vrrp_core_config *config, unsigned how)
{
	struct vrrp_member_list list = { 0 };
	unsigned less = how % 3;

	for (unsigned i = 0; i + less < config->member_count; i++) {
		const struct vrrp_member_config *member = &config->member[i];

		vrrp_member_list_add(
			&list, (struct vrrp_member_entry){ .id = member->id,
				       .hash = member->hash,
				       .flags = (uint8_t)((member->witness ? VRRP_MEMBER_WITNESS : 0) |
							  (member->nofailover ? VRRP_MEMBER_NOFAILOVER : 0) |
							  (member->vote_data ? VRRP_MEMBER_VOTE_DATA : 0)) });
	}
	if (list.count > 0 && (how & 0xc0) == 0xc0) {
		list.entry[0].hash++; /* another machine */
	}
	return list;
}

static void identity_change(struct world *w, struct vrrp_report *report, enum field field, struct input *input)
{
	unsigned how = input_byte(input);

	switch (field) {
	case FIELD_DIGEST:
		report->digest[0] = w->config.digest[0] ^ (uint8_t)(how & 1);
		break;
	case FIELD_INCARNATION:
		report->incarnation += 1 + how % 3;
		report->seq = how % 2 == 0 ? 0 : report->seq;
		break;
	case FIELD_SEQ:
		report->seq = how == 255 ? UINT64_MAX - 1 : how % 2 == 0 ? report->seq + how : report->seq - 1;
		report->seq = report->seq == UINT64_MAX ? 0 : report->seq;
		break;
	case FIELD_MEMBERS:
		report->members = list_choose(&w->config, how);
		break;
	case FIELD_KEYS:
		report->key_hash[how % VRRP_REPORT_KEYS] = how < 128 ? w->config.key_hash[0] : how;
		break;
	case FIELD_SWITCHOVER:
		report->switchover_target = (uint8_t)(how % (VRRP_MEMBERS_MAX + 3));
		break;
	case FIELD_ECHO:
		report->echo_count = (uint8_t)(1 + how % VRRP_MEMBERS_MAX);
		report->echo[how % report->echo_count] =
			(struct vrrp_report_echo){ .member = w->config.member[w->config.self].id,
				.believed_incarnation = w->core.incarnation - (how >> 7),
				.believed_seq = w->core.sent.last_seq - how / 16,
				.other_incarnation = w->core.incarnation,
				.other_seq = UINT64_MAX };
		break;
	default:
		break;
	}
}

static void lease_change(struct world *w, unsigned i, enum field field, struct input *input)
{
	struct vrrp_report *report = &w->peer[i];

	switch (field) {
	case FIELD_BALLOT:
		report->ballot = ballot_choose(w, i, input);
		break;
	case FIELD_RELEASE:
		report->release = ballot_choose(w, i, input);
		break;
	case FIELD_HIGHEST:
		report->ballot_highest = ballot_choose(w, i, input);
		break;
	case FIELD_GRANT:
		grant_choose(w, report, input);
		break;
	case FIELD_REFUSAL:
		report->refusal.ballot = ballot_choose(w, i, input);
		report->refusal.bound_ms = ms_choose(w, input);
		report->refusal.reason = input_byte(input);
		report->refusal.to = w->config.member[w->config.self].id;
		break;
	case FIELD_ASK:
		report->ask_ms = ms_choose(w, input);
		break;
	case FIELD_MASTER:
		report->role = VRRP_ROLE_MASTER;
		report->ballot = ballot_choose(w, i, input);
		report->epoch = report->ballot;
		report->flags = VRRP_FLAG_ELIGIBLE | VRRP_FLAG_PG_UP | VRRP_FLAG_POSITION_KNOWN;
		break;
	default:
		break;
	}
}

static void data_change(struct world *w, unsigned i, enum field field, struct input *input)
{
	struct vrrp_report *report = &w->peer[i];

	switch (field) {
	case FIELD_EPOCH:
		report->epoch = ballot_choose(w, i, input);
		break;
	case FIELD_POSITION:
		report->position = position_choose(&w->config, input);
		break;
	case FIELD_TIMELINE:
		report->timeline = timeline_choose(input);
		break;
	case FIELD_HISTORY:
		world_history_choose(&report->history, input);
		break;
	case FIELD_SYSTEM:
		report->system_identifier = system_choose(input);
		break;
	case FIELD_VOUCHER:
		report->voucher.ballot = ballot_choose(w, i, input);
		report->voucher.position = position_choose(&w->config, input);
		report->voucher.answer = (uint8_t)input_below(input, 3);
		break;
	case FIELD_CONFIG:
		report->config_stored.ballot = ballot_choose(w, i, input);
		report->config_stored.members = (uint16_t)input_u64(input);
		break;
	case FIELD_UPSTREAM:
		report->upstream = (uint8_t)input_below(input, 12);
		break;
	case FIELD_STREAMS:
		report->epoch = w->core.ballot;
		report->upstream = w->config.member[w->config.self].id;
		report->flags |= VRRP_FLAG_STREAMING | VRRP_FLAG_ELIGIBLE | VRRP_FLAG_IN_RECOVERY | VRRP_FLAG_PG_UP;
		report->position = w->pg.position;
		report->timeline = w->pg.timeline;
		report->history = w->history;
		break;
	default:
		break;
	}
}

void world_peer_change(struct world *w, unsigned i, struct input *input)
{
	struct vrrp_report *report = &w->peer[i];
	enum field field = (enum field)input_below(input, FIELD_COUNT);

	switch (field) {
	case FIELD_ROLE:
		report->role = (uint8_t)input_below(input, VRRP_ROLE_COUNT);
		break;
	case FIELD_FLAGS:
		report->flags = (uint16_t)input_u64(input);
		break;
	case FIELD_FLAG:
		report->flags ^= (uint16_t)(1U << input_below(input, 16));
		break;
	case FIELD_FAULTS:
		report->fault_reasons = (uint32_t)input_u64(input);
		break;
	case FIELD_PAUSE:
		report->flags ^= VRRP_FLAG_PAUSED;
		report->pause_counter += input_below(input, 3);
		break;
	default:
		if (field == FIELD_DIGEST || field == FIELD_INCARNATION || field == FIELD_SEQ || field == FIELD_ECHO ||
			field == FIELD_MEMBERS || field == FIELD_KEYS || field == FIELD_SWITCHOVER) {
			identity_change(w, report, field, input);
		}
		lease_change(w, i, field, input);
		data_change(w, i, field, input);
		break;
	}
}

void world_pg_change(struct world *w, struct input *input)
{
	struct vrrp_pg *pg = &w->pg;
	unsigned how = input_byte(input);

	switch (input_below(input, 12)) {
	case 0:
		pg->up = (how & 1) != 0;
		pg->gone = !pg->up && (how & 2) != 0;
		pg->starting = !pg->up && !pg->gone && (how & 4) != 0;
		break;
	case 1:
		pg->in_recovery = (how & 1) != 0;
		break;
	case 2:
		pg->receiver = (how & 1) != 0;
		pg->streaming = pg->receiver && (how & 2) != 0;
		pg->upstream = (how & 4) != 0 ? VRRP_MEMBER_NONE : (uint8_t)(how >> 3 & 7);
		pg->position_known = !pg->receiver;
		break;
	case 3:
		pg->position = position_choose(&w->config, input);
		break;
	case 4:
		pg->timeline = timeline_choose(input);
		break;
	case 5:
		pg->system_identifier = system_choose(input);
		break;
	case 6:
		pg->faults = (how & 1) != 0 ? UINT32_C(1) << (how >> 1 & 31) : 0;
		break;
	case 7:
		pg->position_known = (how & 1) != 0;
		pg->replay_paused = (how & 2) != 0;
		pg->fsync_on = (how & 4) != 0;
		pg->no_upstream = (how & 8) != 0;
		pg->sealed = (how & 16) != 0;
		break;
	case 8:
		world_history_choose(&w->history, input);
		break;
	case 9:
		pg->sync = (struct vrrp_pg_sync){ .known = (how & 1) != 0,
			.listed = (how & 2) != 0,
			.named = (uint16_t)(how >> 2 & 7),
			.k = (uint8_t)(how >> 5),
			.counted = input_byte(input),
			.senders = input_byte(input),
			.intruders = (uint16_t)input_below(input, 4),
			.settings_ok = (how & 4) != 0 };
		break;
	case 10:
		pg->replayed = position_choose(&w->config, input);
		pg->replay_lag_ms = (uint32_t)input_u64(input);
		break;
	default:
		world_pg_dies(w);
		break;
	}
}

void world_config_choose(struct vrrp_core_config *ret_config, struct input *input)
{
	static const int64_t adverts[] = { 250000, 10000, 10000000, 333333 };
	unsigned how = input_byte(input);
	unsigned more = input_byte(input);
	unsigned members = 2 + (how & 3) + (how >> 6 & 1) * 4; /* 2 … 9 */
	unsigned which;
	struct vrrp_core_config config = { .member_count = (uint8_t)members,
		.vrid = 51,
		.digest = { 1 },
		.sync_standbys = 1,
		.manage_full = (more & 1) == 0,
		.fence = (more & 2) != 0,
		.quorum = members == 2 && (more & 4) != 0 ? VRRP_QUORUM_NONE : VRRP_QUORUM_MAJORITY,
		.port = 5432,
		.max_drift_ppm = (more & 8) != 0 ? 0 : 100000,
		.advert_int_us = adverts[how >> 2 & 3],
		.restart_grace_us = 10 * VRRP_US_PER_S,
		.boot_wait_us = (how & 0x10) != 0 ? 30 * VRRP_US_PER_S : 0,
		.switchover_timeout_us = 10 * VRRP_US_PER_S,
		.promote_timeout_us = (more & 0x10) != 0 ? VRRP_US_PER_S : 30 * VRRP_US_PER_S,
		.fault_hold_us = (how & 0x20) != 0 ? 0 : 60 * VRRP_US_PER_S,
		.garp_repeat_delay_us = VRRP_US_PER_S,
		.garp_refresh_us = (more & 0x20) != 0 ? INT64_MAX : 60 * VRRP_US_PER_S,
		.garp_repeat = 5,
		.max_lag_bytes = UINT64_C(16) << 20 };

	config.lease_us = 4 * config.advert_int_us;
	which = input_byte(input);
	config.self = (uint8_t)(which % members);
	memset(config.key_hash, 7, sizeof(config.key_hash));
	for (unsigned i = 0; i < members; i++) {
		config.member[i] = (struct vrrp_member_config){ .id = (uint8_t)(i + 1),
			.priority = (uint8_t)(100 + i % 2),
			.witness =
				config.quorum == VRRP_QUORUM_MAJORITY && i > 0 && i + 1 == members && (how & 0x80) != 0,
			.nofailover = i == 2 && (more & 0x40) != 0,
			.vote_data = (more & 0x80) != 0,
			.hash = 1000 + i };
	}
	if ((which & 0x80) != 0 && config.quorum == VRRP_QUORUM_MAJORITY &&
		(members > 2 || !config.member[1].witness)) {
		config.durability = VRRP_DURABILITY_QUORUM;
		config.sync_standbys = members > 4 ? 2 : 1;
	}
	*ret_config = config;
}

void world_disk_choose(struct vrrp_stored *ret_disk, const struct vrrp_core_config *config, struct input *input)
{
	struct vrrp_stored disk = { 0 };
	unsigned how = input_byte(input);
	const struct vrrp_ballot mine = { 9, 0x900, config->member[config->self].id };
	const struct vrrp_ballot other = { 8, 101, 2 };

	if ((how & 1) == 0) { /* the first start ever */
		*ret_disk = disk;
		return;
	}
	disk.system_identifier = system_choose(input);
	disk.ballot_counter = (how & 2) != 0 ? UINT64_MAX / 4 : 9; /* beyond half the core begins anew */
	disk.epoch = (how & 4) != 0 ? mine : (how & 8) != 0 ? other : (struct vrrp_ballot){ 0 };
	disk.last_lease_us = (how & 0x10) != 0 ? INT64_MAX : config->lease_us;
	if ((how & 0x60) != 0) { /* else a state file from before there was a list */
		disk.members = list_choose(config, (how >> 5 & 3) - 1);
	}
	world_history_choose(&disk.history, input);
	if (!vrrp_history_is_valid(&disk.history)) {
		disk.history.count = 0; /* stored_text refuses it */
	}
	how = input_byte(input);
	disk.promoting = (how & 1) != 0 ? mine : disk.promoting;
	disk.serving = (how & 2) != 0 ? mine : disk.serving;
	disk.serving_this_boot = (how & 4) != 0;
	disk.diverged = (how & 8) != 0;
	disk.rewinding = (how & 0x10) != 0;
	disk.vouched = (how & 0x20) != 0 ? (struct vrrp_ballot){ 20, 102, 3 } : disk.vouched;
	disk.paused = (how & 0x40) != 0;
	if ((how & 0x80) != 0) {
		disk.long_grant = (struct vrrp_grant){ .ballot = other,
			.expires = { (1000 + (int64_t)input_below(input, 30)) * VRRP_US_PER_S },
			.incarnation = 101,
			.seq = 1,
			.to = 2 };
		disk.long_grant_us = input_below(input, 2) == 0 ? 10 * VRRP_US_PER_S : INT64_MAX;
		disk.long_grant_this_boot = input_below(input, 2) == 0;
		disk.long_grant_clean = input_below(input, 2) == 0;
	}
	*ret_disk = disk;
}

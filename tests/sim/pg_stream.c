/*
 * Connections between PostgreSQL servers, and what they acknowledge. A WAL receiver connects by itself whenever its
 * primary_conninfo names a server that answers and whose timelines, by number, fit; it and its walsender notice a
 * silent other side only after their timeout, so that a standby goes on streaming from an old primary, whatever the
 * daemons say, and an old walsender stays counted.
 */
#include "tests/sim/sim.h"

#define STREAM_BEHIND_MAX 500 /* bytes a standby may be behind when it is looked at */
#define STREAM_SHUTDOWN_BYTES 128

static uint16_t bit(unsigned index)
{
	return (uint16_t)(1U << index);
}

/* Primaries write, and more while clients reach them. */
static void write_on(struct sim_world *world, struct sim_member *member)
{
	struct sim_pg *pg = &member->pg;
	int64_t passed_us = world->now_us - pg->synced_us;

	pg->synced_us = world->now_us;
	if (pg->state == SIM_PG_UP && !pg->standby && !pg->hung && passed_us > 0) {
		int64_t rate = sim_kernel_gate_open(world, member) ? world->knobs.write_bytes_per_ms : 1;

		pg->position += (vrrp_lsn)(passed_us * rate / 1000);
	}
}

/* PostgreSQL's own judgment: timelines are numbers. */
static bool looks_attachable(const struct sim_world *world, const struct sim_pg *standby, const struct sim_pg *from)
{
	uint32_t timeline = sim_pg_timeline(standby);
	vrrp_lsn end = standby->position - standby->position % SIM_RECORD_BYTES;
	const struct vrrp_history *history = &from->history;

	if (end > sim_pg_flushed(world, from)) {
		return false; /* "requested starting point is ahead of the WAL flush position of this server" */
	}
	for (unsigned i = 0; i < history->count; i++) {
		if (history->entry[i].timeline == timeline) {
			return i + 1 == history->count || end <= history->entry[i + 1].switch_point;
		}
	}
	return false;
}

static bool is_alive(const struct sim_pg *pg)
{
	return pg->state == SIM_PG_UP && !pg->hung;
}

static void end_receiver(struct sim_world *world, struct sim_member *member)
{
	struct sim_pg *pg = &member->pg;

	pg->receiver = false;
	pg->receiver_broken_us = 0;
	pg->receiver_ends_us = 0;
	pg->no_receiver_since_us = world->now_us;
}

static void connect(struct sim_world *world, struct sim_member *member)
{
	struct sim_pg *pg = &member->pg;
	struct sim_member *from;
	struct sim_sender *sender;

	if (!is_alive(pg) || !pg->standby || pg->receiver || pg->upstream == VRRP_MEMBER_NONE ||
		pg->upstream == member->index) {
		return;
	}
	from = &world->member[pg->upstream];
	sender = &from->pg.sender[member->index];
	if (from->witness || !is_alive(&from->pg) || sender->exists ||
		(world->knobs.slots != 0 && (from->pg.slots & bit(member->index)) == 0) ||
		!sim_net_reaches_pg(world, member->index, from->index) || !looks_attachable(world, pg, &from->pg)) {
		return;
	}
	pg->receiver = true;
	pg->receiver_from = pg->upstream;
	pg->receiver_broken_us = 0;
	pg->receiver_ends_us = 0;
	pg->connection = ++world->connections;
	*sender = (struct sim_sender){ .exists = true, .connection = pg->connection };
	if (!from->pg.standby) {
		sender->names = from->pg.names;
	}
	world->counts.attaches++;
	sim_world_trace(world, member, "streams from member %u at %llx, timeline %u", from->index + 1,
		(unsigned long long)pg->position, sim_pg_timeline(pg));
	if (!pg->mixed && !sim_wal_contains(world, sim_pg_end(world, &from->pg), sim_pg_end(world, pg))) {
		sim_inv_attach_mixed(world, member, from);
	}
}

/* What has arrived; what is beyond the last whole record may be of another line's future, and is written over. */
static void receive(struct sim_world *world, struct sim_member *member, vrrp_lsn behind)
{
	struct sim_pg *pg = &member->pg;
	struct sim_pg *from = &world->member[pg->receiver_from].pg;
	vrrp_lsn flushed = sim_pg_flushed(world, from);

	if (flushed > pg->position + behind) {
		vrrp_lsn position = flushed - behind;

		if (world->knobs.partial_records == 0) {
			position -= position % SIM_RECORD_BYTES;
		}
		if (position > pg->position) {
			bool same_number = sim_pg_timeline(pg) == sim_pg_timeline(from);

			if (pg->mixed && same_number) {
				pg->position = position; /* it does not fetch a history that it has */
			} else {
				sim_pg_set_line(world, pg, from->branch, position);
			}
		}
	}
	from->sender[member->index].flushed = pg->position;
}

/* One connection, seen from both ends. */
static void stream(struct sim_world *world, struct sim_member *member)
{
	struct sim_pg *pg = &member->pg;
	struct sim_sender *sender;
	bool reaches;
	bool paired;

	if (!pg->receiver) {
		return;
	}
	sender = &world->member[pg->receiver_from].pg.sender[member->index];
	reaches = sim_net_reaches_pg(world, member->index, pg->receiver_from);
	paired = sender->exists && sender->connection == pg->connection;
	if (pg->receiver_ends_us != 0 && world->now_us >= pg->receiver_ends_us) {
		end_receiver(world, member);
	} else if (!paired && reaches && is_alive(pg)) {
		end_receiver(world, member); /* the other side has closed it */
	} else if (paired && reaches && is_alive(pg) && is_alive(&world->member[pg->receiver_from].pg)) {
		pg->receiver_broken_us = 0;
		receive(world, member,
			world->member[pg->receiver_from].pg.standby ? 0
								    : (vrrp_lsn)sim_draw(world, 0, STREAM_BEHIND_MAX));
	} else if (pg->receiver_broken_us == 0) {
		pg->receiver_broken_us = world->now_us;
	} else if (world->now_us - pg->receiver_broken_us >= world->knobs.wal_timeout_us && is_alive(pg)) {
		end_receiver(world, member);
	}
}

/* A walsender sees that its standby has gone, at once if the network tells, else after the timeout. */
static void watch_senders(struct sim_world *world, struct sim_member *member)
{
	for (unsigned i = 0; i < world->count; i++) {
		struct sim_sender *sender = &member->pg.sender[i];
		const struct sim_pg *standby = &world->member[i].pg;
		bool reaches;

		if (!sender->exists || !is_alive(&member->pg)) {
			continue;
		}
		reaches = sim_net_reaches_pg(world, member->index, i);
		if (reaches && (!standby->receiver || standby->connection != sender->connection)) {
			sender->exists = false;
		} else if (reaches && !standby->hung) {
			sender->broken_us = 0;
		} else if (sender->broken_us == 0) {
			sender->broken_us = world->now_us;
		} else if (world->now_us - sender->broken_us >= world->knobs.wal_timeout_us) {
			sender->exists = false;
		}
	}
}

/* The k-th highest of what the counted standbys have flushed; 0 = there are fewer. */
static vrrp_lsn kth_flushed(const struct sim_world *world, const struct sim_pg *pg, unsigned k)
{
	vrrp_lsn kth = 0;

	for (unsigned i = 0; i < world->count; i++) {
		unsigned not_below = 0;

		for (unsigned j = 0; j < world->count; j++) {
			const struct sim_sender *other = &pg->sender[j];

			not_below += other->exists && (other->names.set & bit(j)) != 0 &&
				     other->flushed >= pg->sender[i].flushed;
		}
		if (pg->sender[i].exists && (pg->sender[i].names.set & bit(i)) != 0 && not_below >= k &&
			pg->sender[i].flushed > kth) {
			kth = pg->sender[i].flushed;
		}
	}
	return kth;
}

/*
 * As SyncRepReleaseWaiters(): each walsender of a counted standby releases by the k that it has read itself, among all
 * that are counted. Without names nobody waits; then only what passes the open gate counts as a client's.
 */
static void acknowledge(struct sim_world *world, struct sim_member *member)
{
	const struct sim_pg *pg = &member->pg;
	vrrp_lsn acked = 0;

	if (!is_alive(pg) || pg->standby || world->knobs.durability == VRRP_DURABILITY_ADAPTIVE) {
		return;
	}
	if (pg->waits.k == 0) {
		acked = sim_kernel_gate_open(world, member) ? pg->position : 0;
	}
	for (unsigned i = 0; i < world->count && pg->waits.k > 0; i++) {
		const struct sim_sender *sender = &pg->sender[i];
		vrrp_lsn released;

		if (!sender->exists || (sender->names.set & bit(i)) == 0 || sender->names.k == 0 ||
			sender->broken_us != 0) {
			continue;
		}
		released = kth_flushed(world, pg, sender->names.k);
		acked = released > acked ? released : acked;
	}
	acked -= acked % SIM_RECORD_BYTES;
	if (acked > world->wal.branch[pg->branch].fork) {
		sim_inv_commits_acked(world, member, (struct sim_point){ .branch = pg->branch, .lsn = acked });
	}
}

void sim_pg_sync_all(struct sim_world *world)
{
	if (world->synced_us == world->now_us) {
		return;
	}
	world->synced_us = world->now_us;
	for (unsigned i = 0; i < world->count; i++) {
		if (!world->member[i].witness) {
			write_on(world, &world->member[i]);
		}
	}
	for (unsigned i = 0; i < world->count; i++) {
		if (!world->member[i].witness) {
			stream(world, &world->member[i]);
			connect(world, &world->member[i]);
		}
	}
	for (unsigned i = 0; i < world->count; i++) {
		if (!world->member[i].witness) {
			watch_senders(world, &world->member[i]);
			acknowledge(world, &world->member[i]);
		}
	}
}

void sim_pg_drain(struct sim_world *world, struct sim_member *member)
{
	struct sim_pg *pg = &member->pg;

	pg->position += STREAM_SHUTDOWN_BYTES + SIM_RECORD_BYTES - pg->position % SIM_RECORD_BYTES;
	for (unsigned i = 0; i < world->count; i++) {
		struct sim_pg *standby = &world->member[i].pg;

		if (pg->sender[i].exists && standby->receiver && standby->connection == pg->sender[i].connection &&
			is_alive(standby) && sim_net_reaches_pg(world, member->index, i)) {
			receive(world, &world->member[i], 0);
		}
	}
}

void sim_pg_end_connections(struct sim_world *world, struct sim_member *member)
{
	for (unsigned i = 0; i < world->count; i++) {
		member->pg.sender[i].exists = false;
	}
	end_receiver(world, member);
}

/* Each process reads the new names by itself, when it gets to it [D7]. */
void sim_pg_reload(struct sim_world *world, struct sim_member *member)
{
	for (unsigned i = 0; i <= world->count; i++) {
		struct sim_event event = {
			.kind = SIM_EV_PG_REREAD, .member = member->index, .a = (uint8_t)i, .life = member->pg.life
		};

		if (i == world->count) {
			event.a = SIM_PG_CHECKPOINTER;
		} else if (!member->pg.sender[i].exists) {
			continue;
		} else {
			event.ticket = member->pg.sender[i].connection;
		}
		sim_world_push(world, sim_draw(world, 1, world->knobs.reload_us), event);
	}
}

void sim_pg_reread(struct sim_world *world, struct sim_member *member, const struct sim_event *event)
{
	struct sim_pg *pg = &member->pg;
	struct sim_sender *sender = event->a < world->count ? &pg->sender[event->a] : NULL;

	if (event->life != pg->life || pg->state != SIM_PG_UP ||
		(sender != NULL && (!sender->exists || sender->connection != event->ticket))) {
		return;
	}
	sim_pg_sync_all(world); /* what was released under the old names */
	if (sender == NULL) {
		pg->waits = pg->names;
	} else if (!pg->standby) {
		sender->names = pg->names;
	}
}

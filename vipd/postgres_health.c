/* Can PostgreSQL work, though it answers? The checks beside the look, and what the core is told of them. */
#include <stdio.h>
#include <string.h>

#include "vipd/postgres_internal.h"

static const struct {
	const char *name;
	const char *failed; /* in the log, before the check's sentence */
	const char *noted;  /* … where that is no finding */
	const char *well;
} CHECKS[POSTGRES_CHECKS] = {
	[POSTGRES_CHECK_CONNECT] = { "new_connection", "PostgreSQL accepts no new connections",
		"a new connection was refused", "PostgreSQL accepts new connections again" },
	[POSTGRES_CHECK_FLUSH] = { "wal_flush", "PostgreSQL's WAL does not reach the disk",
		"whether WAL reaches the disk cannot be found out", "PostgreSQL's WAL reaches the disk again" },
	[POSTGRES_CHECK_DISK] = { "disk_write", "the data directory cannot be written",
		"whether the data directory can be written cannot be found out",
		"the data directory can be written again" },
};

int postgres_health_open(
	struct postgres *postgres, const struct pg_rejoin_config *rejoin, struct vrrp_time now, struct vip_err *err)
{
	const struct config_postgresql *config = &postgres->local.postgresql;
	struct postgres_health *health = &postgres->health;
	struct pg_disk_config disk = { .owner = rejoin->owner,
		.interval_ms = config->disk_probe_interval_us / VRRP_US_PER_MS,
		.timeout_ms = config->disk_probe_timeout_us / VRRP_US_PER_MS };
	int code = pg_knock_init(&health->knock, config->conninfo, config->connect_probe_interval_us / VRRP_US_PER_MS,
		config->connect_probe_timeout_us / VRRP_US_PER_MS, err);

	(void)snprintf(disk.self, sizeof(disk.self), "%s", rejoin->self);
	(void)snprintf(disk.data_directory, sizeof(disk.data_directory), "%s", config->data_directory);
	if (code == 0) {
		code = pg_flush_init(&health->flush, config->conninfo, config->write_probe_interval_us / VRRP_US_PER_MS,
			config->write_probe_timeout_us / VRRP_US_PER_MS, err);
	}
	if (code == 0) {
		code = pg_disk_init(&health->disk, &disk, now, err);
		health->open = code == 0;
	}
	return code;
}

void postgres_health_close(struct postgres *postgres)
{
	struct postgres_health *health = &postgres->health;

	pg_knock_deinit(&health->knock);
	pg_flush_deinit(&health->flush);
	if (health->open) {
		pg_disk_deinit(&health->disk);
	}
	health->open = false;
}

struct vrrp_time postgres_health_deadline(const struct postgres *postgres)
{
	const struct postgres_health *health = &postgres->health;
	struct vrrp_time at = pg_knock_deadline(&health->knock);

	at = vrrp_time_min(at, pg_flush_deadline(&health->flush));
	return vrrp_time_min(at, pg_disk_deadline(&health->disk));
}

/* A flush is WAL of this host's own making: only who serves makes any. */
static void arm(struct postgres *postgres, struct vrrp_time now)
{
	struct postgres_health *health = &postgres->health;

	pg_knock_arm(&health->knock, postgres->seen.up, now);
	pg_flush_arm(&health->flush, postgres->seen.up && !postgres->seen.in_recovery && health->serves, now);
}

void postgres_serves_set(struct postgres *postgres, bool serves, struct vrrp_time now)
{
	postgres->health.serves = serves;
	arm(postgres, now);
}

static void tell(struct postgres *postgres, enum postgres_check_kind kind)
{
	struct postgres_check check = postgres_check_get(postgres, kind);
	enum check_state *told = &postgres->health.told[kind];
	bool noted = check.state != CHECK_FAILED && check.sentence[0] != '\0';

	if (check.state == CHECK_FAILED && *told != CHECK_FAILED) {
		postgres_say(postgres, VRRP_LOG_ERR, "%s: %s", CHECKS[kind].failed, check.sentence);
	} else if (*told == CHECK_FAILED && check.state == CHECK_OK) {
		postgres_say(postgres, VRRP_LOG_NOTICE, "%s", CHECKS[kind].well);
	}
	if (noted && !postgres->health.noted[kind]) {
		postgres_say(postgres, VRRP_LOG_WARNING, "%s: %s", CHECKS[kind].noted, check.sentence);
	}
	*told = check.state;
	postgres->health.noted[kind] = noted;
}

void postgres_health_run(struct postgres *postgres, struct vrrp_time now)
{
	struct postgres_health *health = &postgres->health;
	uint32_t faults = 0;

	arm(postgres, now);
	pg_knock_run(&health->knock, now);
	pg_flush_run(&health->flush, now);
	pg_disk_run(&health->disk, now);
	for (unsigned kind = 0; kind < POSTGRES_CHECKS; kind++) {
		tell(postgres, (enum postgres_check_kind)kind);
	}
	if (health->knock.state == CHECK_FAILED) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_NOT_ACCEPTING);
	}
	if (health->flush.state == CHECK_FAILED) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_WAL_STUCK);
	}
	if (health->disk.state == CHECK_FAILED) {
		faults |= VRRP_FAULT_BIT(health->disk.stuck ? VRRP_FAULT_DISK_STUCK : VRRP_FAULT_DISK);
	}
	if (faults != health->faults) {
		health->faults = faults;
		postgres->callbacks.health(postgres->callbacks.user, faults);
	}
}

struct postgres_check postgres_check_get(const struct postgres *postgres, enum postgres_check_kind kind)
{
	const struct postgres_health *health = &postgres->health;
	struct postgres_check check = { .name = CHECKS[kind].name };

	switch (kind) {
	case POSTGRES_CHECK_CONNECT:
		check.state = health->knock.state;
		check.sentence = pg_knock_sentence(&health->knock);
		break;
	case POSTGRES_CHECK_FLUSH:
		check.state = health->flush.state;
		check.sentence = pg_flush_sentence(&health->flush);
		break;
	case POSTGRES_CHECK_DISK:
	case POSTGRES_CHECKS:
	default:
		check.state = health->disk.state;
		check.sentence = pg_disk_sentence(&health->disk);
		break;
	}
	return check;
}

/*
 * The single steps of pg_rejoin: which child runs, what its end means, what the source must answer. Private to
 * pg_rejoin.c, which goes through them one after the other.
 */
#ifndef CHECKS_PG_REJOIN_STEP_H
#define CHECKS_PG_REJOIN_STEP_H

#include "checks/pg_rejoin.h"

#define PG_STEPS_MAX 4
#define PG_STEP_SOURCE_TIMEOUT_MS 5000
#define PG_STEP_REPLY_MS 200 /* a helper ends this long before its parent would kill it, so that it can say why */

enum pg_operation {
	PG_OPERATION_STOP,
	PG_OPERATION_START,
	PG_OPERATION_REWIND,
	PG_OPERATION_CLONE,
	PG_OPERATION_SEAL,
	PG_OPERATION_INSPECT
};

enum pg_step {
	PG_STEP_END,
	PG_STEP_STOP_COMMAND,
	PG_STEP_STOP,
	PG_STEP_START,
	PG_STEP_PREPARE,
	PG_STEP_SEAL,
	PG_STEP_START_COMMAND,
	PG_STEP_SOURCE,
	PG_STEP_REWIND,
	PG_STEP_CLONE_CHECK,
	PG_STEP_BASEBACKUP,
	PG_STEP_CLONE_SWAP,
	PG_STEP_REPORT
};

/* What the operation was asked for. */
struct pg_step_wish {
	bool immediate;
	bool as_standby;
	uint32_t timeline;
	uint64_t system_identifier;
	char conninfo[PG_CONNINFO_BYTES_MAX];
	char slot[64];
	char source[PG_CONNINFO_BYTES_MAX];
};

const char *pg_step_name(enum pg_step step);
bool pg_step_is_skipped(enum pg_step step, const struct pg_rejoin_config *config);

/* Starts the step's child. 0 or negative errno. */
int pg_step_exec(enum pg_step step, const struct pg_rejoin_config *config, const struct pg_step_wish *wish,
	int64_t left_ms, struct vrrp_time now, struct exec **ret_exec, struct vip_err *err);

/* What a child that did not end well means: a negative errno as pg_rejoin.h promises. */
int pg_step_error(enum pg_step step, const struct exec_result *result);

const char *pg_step_source_sql(void);

/* Reads the source's answer. 0, -ESTALE (not the server or timeline meant), -EAGAIN (no checkpoint yet), -EPROTO. */
int pg_step_source_check(
	const struct pg_rows *rows, uint32_t timeline, uint64_t system_identifier, struct vip_err *err);

/* pg_datadir_parse, for an output in which sentences of stderr may be mixed in front. */
int pg_datadir_parse_output(const char *text, struct pg_datadir_report *ret_report, struct vip_err *err);

#endif

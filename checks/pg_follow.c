#include "checks/pg_follow.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

/* Appends " keyword='value'", quoted for libpq: backslash before quote and backslash. */
static int pg_follow_add(char conninfo[PG_CONNINFO_BYTES_MAX], const char *keyword, const char *value)
{
	size_t used = strlen(conninfo);
	size_t need = strlen(keyword) + 2 * strlen(value) + 5;

	if (used + need >= PG_CONNINFO_BYTES_MAX) {
		return -E2BIG;
	}
	used += (size_t)snprintf(conninfo + used, PG_CONNINFO_BYTES_MAX - used, "%s%s='", used > 0 ? " " : "", keyword);
	for (const char *at = value; *at != '\0'; at++) {
		if (*at == '\'' || *at == '\\') {
			conninfo[used++] = '\\';
		}
		conninfo[used++] = *at;
	}
	conninfo[used++] = '\'';
	conninfo[used] = '\0';
	return 0;
}

/* What we set ourselves is left out of the template. */
static bool pg_follow_is_ours(const char *keyword, bool dbname)
{
	return strcmp(keyword, "host") == 0 || strcmp(keyword, "hostaddr") == 0 || strcmp(keyword, "port") == 0 ||
	       strcmp(keyword, "application_name") == 0 || (dbname && strcmp(keyword, "dbname") == 0);
}

static int pg_follow_template(
	const PQconninfoOption *options, bool dbname, char conninfo[PG_CONNINFO_BYTES_MAX], struct vip_err *err)
{
	for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
		if (option->val == NULL || option->val[0] == '\0' || pg_follow_is_ours(option->keyword, dbname)) {
			continue;
		}
		if (strcmp(option->keyword, "service") == 0) {
			return vip_err_set(err, -EINVAL, "upstream: service=%s: write its settings out", option->val);
		}
		if (pg_follow_add(conninfo, option->keyword, option->val) < 0) {
			return vip_err_set(err, -E2BIG, "upstream: longer than %d bytes", PG_CONNINFO_BYTES_MAX - 1);
		}
	}
	return 0;
}

/* What the template does not say itself. An upstream whose host is gone must hold up nothing, least of all a copy. */
static int pg_follow_timeouts(
	const PQconninfoOption *options, char conninfo[PG_CONNINFO_BYTES_MAX], struct vip_err *err)
{
	static const char *const timeouts[][2] = { { "keepalives_idle", "10" }, { "keepalives_interval", "5" },
		{ "keepalives_count", "3" }, { "tcp_user_timeout", "30000" } };

	for (unsigned i = 0; i < VRRP_ARRAY_LENGTH(timeouts); i++) {
		const PQconninfoOption *option = options;

		while (option->keyword != NULL && strcmp(option->keyword, timeouts[i][0]) != 0) {
			option++;
		}
		if (option->keyword != NULL && (option->val == NULL || option->val[0] == '\0') &&
			pg_follow_add(conninfo, timeouts[i][0], timeouts[i][1]) < 0) {
			return vip_err_set(err, -E2BIG, "upstream: longer than %d bytes", PG_CONNINFO_BYTES_MAX - 1);
		}
	}
	return 0;
}

int pg_follow_conninfo(const char *upstream, const struct pg_follow_target *target, const char *dbname,
	char ret_conninfo[PG_CONNINFO_BYTES_MAX], struct vip_err *err)
{
	char conninfo[PG_CONNINFO_BYTES_MAX] = "";
	char port[8];
	char *message = NULL;
	PQconninfoOption *options = PQconninfoParse(upstream, &message);
	int result;

	if (options == NULL) {
		result = vip_err_set(err, -EINVAL, "upstream: %s", message != NULL ? message : "out of memory");
		PQfreemem(message);
		return result;
	}
	(void)snprintf(port, sizeof(port), "%u", target->port);
	result = pg_follow_template(options, dbname != NULL, conninfo, err);
	if (result == 0) {
		result = pg_follow_timeouts(options, conninfo, err);
	}
	PQconninfoFree(options);
	if (result < 0) {
		return result;
	}
	if (pg_follow_add(conninfo, "host", target->host) < 0 || pg_follow_add(conninfo, "port", port) < 0 ||
		pg_follow_add(conninfo, "application_name", target->member) < 0 ||
		(dbname != NULL && pg_follow_add(conninfo, "dbname", dbname) < 0)) {
		return vip_err_set(err, -E2BIG, "upstream: longer than %d bytes", PG_CONNINFO_BYTES_MAX - 1);
	}
	result = pg_conninfo_check(conninfo, err);
	if (result < 0) {
		return result;
	}
	memcpy(ret_conninfo, conninfo, strlen(conninfo) + 1);
	return 0;
}

/* Blanks at the end do not count: they are our own nudges. */
static bool pg_follow_same(const char *have, const char *want)
{
	size_t have_length = strlen(have);
	size_t want_length = strlen(want);

	while (have_length > 0 && have[have_length - 1] == ' ') {
		have_length--;
	}
	while (want_length > 0 && want[want_length - 1] == ' ') {
		want_length--;
	}
	return have_length == want_length && memcmp(have, want, have_length) == 0;
}

bool pg_follow_done(const struct pg_state *state, const struct pg_follow_target *target)
{
	if (!state->in_recovery) {
		return false;
	}
	if (target->host[0] == '\0') {
		return !state->receiver_present && pg_follow_same(state->primary_conninfo, "");
	}
	return state->streaming && strcmp(state->upstream_host, target->host) == 0 &&
	       state->upstream_port == target->port && strcmp(state->upstream_slot, target->slot) == 0 &&
	       (target->timeline == 0 || target->timeline == state->timeline);
}

enum pg_follow_act pg_follow_decide(
	const struct pg_state *state, const char *conninfo, const struct pg_follow_target *target)
{
	bool same = pg_follow_same(state->primary_conninfo, conninfo) &&
		    strcmp(state->primary_slot_name, conninfo[0] != '\0' ? target->slot : "") == 0;

	if (!same) {
		return PG_FOLLOW_SET;
	}
	if (pg_follow_done(state, target)) {
		return PG_FOLLOW_NONE;
	}
	return state->receiver_present && conninfo[0] != '\0' ? PG_FOLLOW_NUDGE : PG_FOLLOW_RELOAD;
}

int pg_follow_script(enum pg_follow_act act, const char *conninfo, const char *slot, const struct pg_state *state,
	struct pg_script *ret_script, struct vip_err *err)
{
	char text[PG_CONNINFO_BYTES_MAX + 1];
	char literal[2 * sizeof(text) + 8];
	char slot_literal[160];
	size_t length = strlen(conninfo);

	ret_script->count = 0;
	if (act == PG_FOLLOW_NONE) {
		return vip_err_set(err, -EINVAL, "nothing to do");
	}
	if (length >= PG_CONNINFO_BYTES_MAX) {
		return vip_err_set(err, -E2BIG, "primary_conninfo: longer than %d bytes", PG_CONNINFO_BYTES_MAX - 1);
	}
	memcpy(text, conninfo, length + 1);
	if (act == PG_FOLLOW_NUDGE && strcmp(state->primary_conninfo, text) == 0) {
		memcpy(text + length, " ", 2);
	}
	if (pg_literal(text, literal, sizeof(literal)) < 0 ||
		pg_literal(length > 0 ? slot : "", slot_literal, sizeof(slot_literal)) < 0) {
		return vip_err_set(err, -EINVAL, "primary_conninfo or slot: a control character in it");
	}
	if (act != PG_FOLLOW_RELOAD) {
		(void)pg_script_add(ret_script, "ALTER SYSTEM SET primary_slot_name = %s", slot_literal);
		(void)pg_script_add(ret_script, "ALTER SYSTEM SET primary_conninfo = %s", literal);
	}
	(void)pg_script_add(ret_script, "SELECT pg_catalog.pg_reload_conf()");
	return 0;
}

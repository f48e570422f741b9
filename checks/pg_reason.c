#include "checks/pg_reason.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *pg_reason_name(enum pg_reason reason)
{
	switch (reason) {
	case PG_REASON_NONE:
		return "none";
	case PG_REASON_DOWN:
		return "down";
	case PG_REASON_STARTING:
		return "starting";
	case PG_REASON_STOPPING:
		return "stopping";
	case PG_REASON_TOO_MANY:
		return "too_many_connections";
	case PG_REASON_TIMEOUT:
		return "timeout";
	case PG_REASON_LOST:
		return "lost";
	case PG_REASON_AUTHENTICATION:
		return "authentication";
	case PG_REASON_SQL:
		return "sql";
	case PG_REASON_ANSWER:
		return "answer";
	case PG_REASON_OTHER:
		return "other";
	}
	return "other";
}

/* Finds ":  57P03: " (severity may be translated, the code is not); *ret_text: behind it. */
static bool pg_sqlstate_find(const char *message, char ret_sqlstate[6], const char **ret_text)
{
	for (const char *colon = strchr(message, ':'); colon != NULL; colon = strchr(colon + 1, ':')) {
		const char *code = colon + 1 + strspn(colon + 1, " ");
		size_t length = strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");

		/* Every code has a digit; FATAL and ERROR have none. */
		if (length == 5 && code[5] == ':' && code > colon + 1 && strcspn(code, "0123456789") < 5) {
			memcpy(ret_sqlstate, code, 5);
			ret_sqlstate[5] = '\0';
			*ret_text = code + 6 + strspn(code + 6, " ");
			return true;
		}
	}
	ret_sqlstate[0] = '\0';
	return false;
}

static enum pg_reason pg_reason_of_sqlstate(const char *sqlstate, const char *text, bool connecting)
{
	static const struct {
		char prefix[6];
		enum pg_reason reason;
	} table[] = {
		{ "57P03", PG_REASON_STARTING }, /* or stopping: see below */
		{ "57P01", PG_REASON_STOPPING },
		{ "57P02", PG_REASON_LOST }, /* another backend crashed: restarts by itself */
		{ "53300", PG_REASON_TOO_MANY },
		{ "28", PG_REASON_AUTHENTICATION },
		{ "08", PG_REASON_LOST },
	};

	for (unsigned i = 0; i < VRRP_ARRAY_LENGTH(table); i++) {
		if (strncmp(sqlstate, table[i].prefix, strlen(table[i].prefix)) == 0) {
			return i == 0 && strstr(text, "shutting down") != NULL ? PG_REASON_STOPPING : table[i].reason;
		}
	}
	return connecting ? PG_REASON_OTHER : PG_REASON_SQL;
}

/* A message without SQLSTATE comes from libpq itself, that is mostly from a system call. */
static enum pg_reason pg_reason_of_text(const char *message, bool connecting)
{
	static const int down[] = { ECONNREFUSED, ENOENT, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN };

	for (unsigned i = 0; connecting && i < VRRP_ARRAY_LENGTH(down); i++) {
		if (strstr(message, strerror(down[i])) != NULL) {
			return PG_REASON_DOWN;
		}
	}
	if (connecting && (strstr(message, "fe_sendauth") != NULL || strstr(message, "authentication") != NULL ||
				  strstr(message, "password") != NULL)) {
		return PG_REASON_AUTHENTICATION;
	}
	return PG_REASON_LOST;
}

/* One line, printable: up to the first line's end (libpq adds LOCATION: and advice behind). */
static void pg_sentence_clean(const char *text, char *ret_sentence, size_t size)
{
	size_t count = strcspn(text, "\n");

	if (count >= size) {
		count = size - 1;
	}
	for (size_t i = 0; i < count; i++) {
		ret_sentence[i] = iscntrl((unsigned char)text[i]) ? ' ' : text[i];
	}
	ret_sentence[count] = '\0';
}

enum pg_reason pg_reason_read(
	const char *message, bool connecting, char ret_sqlstate[6], char *ret_sentence, size_t sentence_size)
{
	const char *text = message;

	if (pg_sqlstate_find(message, ret_sqlstate, &text)) {
		pg_sentence_clean(text, ret_sentence, sentence_size);
		return pg_reason_of_sqlstate(ret_sqlstate, text, connecting);
	}
	pg_sentence_clean(message[0] != '\0' ? message : "the connection was lost", ret_sentence, sentence_size);
	return pg_reason_of_text(message, connecting);
}

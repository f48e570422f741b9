/*
 * What a failure of libpq means: from its message (verbose form, the only place where a failed connect shows its
 * SQLSTATE) to a reason, the SQLSTATE and a clean sentence. Pure; private to checks/. Manual: appendix A, "Error
 * Codes".
 */
#ifndef CHECKS_PG_REASON_H
#define CHECKS_PG_REASON_H

#include "checks/pg_conn.h"

/* connecting: the failure was of a connect, not of a statement. ret_sqlstate: "" if the message has none. */
enum pg_reason pg_reason_read(
	const char *message, bool connecting, char ret_sqlstate[6], char *ret_sentence, size_t sentence_size);

#endif

#include "checks/pg_conn.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define PG_ROWS_NULL UINT32_MAX

void pg_rows_clear(struct pg_rows *rows, unsigned columns)
{
	rows->rows = 0;
	rows->columns = columns;
	rows->cells = 0;
	rows->bytes_used = 0;
}

int pg_rows_append(struct pg_rows *rows, const char *value, size_t value_bytes)
{
	assert(rows->columns > 0);
	if (rows->cells == PG_ROWS_CELLS_MAX || value_bytes >= PG_ROWS_BYTES_MAX - rows->bytes_used) {
		return -EMSGSIZE;
	}
	if (value == NULL) {
		rows->cell[rows->cells] = PG_ROWS_NULL;
	} else {
		rows->cell[rows->cells] = (uint32_t)rows->bytes_used;
		memcpy(rows->bytes + rows->bytes_used, value, value_bytes);
		rows->bytes[rows->bytes_used + value_bytes] = '\0';
		rows->bytes_used += value_bytes + 1;
	}
	rows->cells++;
	rows->rows = rows->cells / rows->columns;
	return 0;
}

const char *pg_rows_get(const struct pg_rows *rows, unsigned row, unsigned column)
{
	size_t index;

	if (row >= rows->rows || column >= rows->columns) {
		return NULL;
	}
	index = (size_t)row * rows->columns + column;
	return rows->cell[index] == PG_ROWS_NULL ? NULL : rows->bytes + rows->cell[index];
}

#include "vrrp/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

int vip_err_set(struct vip_err *err, int code, const char *format, ...)
{
	assert(code < 0);
	if (err != NULL) {
		va_list args;

		va_start(args, format);
		(void)vsnprintf(err->text, sizeof(err->text), format, args);
		va_end(args);
	}
	return code;
}

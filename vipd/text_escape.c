#include "vipd/text_escape.h"

#include <stdio.h>
#include <string.h>

/* Bytes of the printable UTF-8 character at s, 0 if there is none. */
static size_t character_len(const unsigned char *s)
{
	unsigned long code;
	size_t len;

	if (s[0] < 0x80) {
		return s[0] >= 0x20 && s[0] != 0x7f;
	}
	len = (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : (s[0] & 0xf8) == 0xf0 ? 4 : 0;
	if (len == 0) {
		return 0;
	}
	code = s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80) { /* the terminating 0 too */
			return 0;
		}
		code = code << 6 | (s[i] & 0x3fu);
	}
	/* Longer than need be, C1 controls, surrogates, beyond Unicode. */
	if (code < 0xa0 || (len == 3 && code < 0x800) || (len == 4 && code < 0x10000) ||
		(code >= 0xd800 && code < 0xe000) || code > 0x10ffff) {
		return 0;
	}
	return len;
}

size_t text_escape(const char *from, char *ret_text, size_t size)
{
	size_t used = 0;

	while (*from != '\0') {
		size_t len = character_len((const unsigned char *)from);

		if (used + (len > 0 ? len : 4) >= size) {
			break;
		}
		if (len > 0) {
			memcpy(ret_text + used, from, len);
			used += len;
			from += len;
		} else {
			used += (size_t)snprintf(ret_text + used, size - used, "\\x%02x", (unsigned char)*from);
			from++;
		}
	}
	ret_text[used] = '\0';
	return used;
}

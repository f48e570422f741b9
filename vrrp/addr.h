/*
 * Text of addresses: parse, format, compare (RFC 4291 section 2.2, RFC 5952). Pure: no inet_pton(), no locale.
 *
 * Only plain numeric forms are taken: no leading zeros in a dotted quad ("10.0.0.010" means two things), no zone
 * ("fe80::1%eth0"), no spaces. struct vrrp_addr is in base.h; an IPv4-mapped address (::ffff:10.0.0.1) stays IPv6.
 * All functions take any text up to its terminating 0; nothing here allocates or keeps a pointer.
 */
#ifndef VRRP_ADDR_H
#define VRRP_ADDR_H

#include "vrrp/base.h"

#define VRRP_ADDR_TEXT_MAX 46   /* "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255" and the 0 */
#define VRRP_PREFIX_TEXT_MAX 50 /* the same and "/128" */

/* One address, nothing behind it. 0, or -EINVAL (then *ret_addr is as it was). */
int vrrp_addr_parse(const char *text, struct vrrp_addr *ret_addr);

/* "address" or "address/bits"; without bits they are 32 or 128. 0, or -EINVAL; outputs are written only on success. */
int vrrp_addr_parse_prefix(const char *text, struct vrrp_addr *ret_addr, uint8_t *ret_bits);

/*
 * Writes the address as RFC 5952 wants it (lower case, the longest run of zeros as "::", an IPv4-mapped one with a
 * dotted tail), "-" for family 0, and returns `text`, so that it fits into a printf.
 */
const char *vrrp_addr_format(const struct vrrp_addr *addr, char text[VRRP_ADDR_TEXT_MAX]);

/* "address/bits". */
const char *vrrp_addr_format_prefix(const struct vrrp_addr *addr, unsigned bits, char text[VRRP_PREFIX_TEXT_MAX]);

/* From bytes in network order: 4 or 16 of them; any other size is a programming error. */
struct vrrp_addr vrrp_addr_from_bytes(const void *bytes, size_t size);

bool vrrp_addr_equal(const struct vrrp_addr *a, const struct vrrp_addr *b);
/* <0, 0, >0: by family, then as an unsigned number in network order. */
int vrrp_addr_compare(const struct vrrp_addr *a, const struct vrrp_addr *b);
/* Same family and the same first `bits` bits (0: any two of one family; more than the family has: all of them). */
bool vrrp_addr_same_prefix(const struct vrrp_addr *a, const struct vrrp_addr *b, unsigned bits);

/* All false for family 0. An IPv4-mapped IPv6 address is judged by its IPv4 part. */
bool vrrp_addr_is_unspecified(const struct vrrp_addr *addr); /* 0.0.0.0, :: */
bool vrrp_addr_is_loopback(const struct vrrp_addr *addr);    /* 127/8, ::1 */
bool vrrp_addr_is_link_local(const struct vrrp_addr *addr);  /* 169.254/16, fe80::/10 */
bool vrrp_addr_is_multicast(const struct vrrp_addr *addr);   /* 224/4, ff00::/8 */
bool vrrp_addr_is_broadcast(const struct vrrp_addr *addr);   /* 255.255.255.255 */

#endif

/*
 * Operating errors: 0 or a negative errno is returned, and a sentence says what was tried and what was answered.
 *
 * The caller owns the struct; a NULL pointer means "the number is enough". The text may quote what came from
 * outside (a path, PostgreSQL's answer): it is data, never a format string. Programming errors are asserts instead.
 */
#ifndef VRRP_ERR_H
#define VRRP_ERR_H

#define VIP_ERR_TEXT_MAX 512

struct vip_err {
	char text[VIP_ERR_TEXT_MAX];
};

/*
 * Writes a sentence into err (which may be NULL) and returns code, which must be a negative errno, so that
 * a failure is one line: return vip_err_set(err, -errno, "open %s: %s", path, strerror(errno));
 */
int vip_err_set(struct vip_err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif

/*
 * Small durable files in the state folder (/var/lib/vipd): text, replaced as a whole, never half-used.
 *
 * A file is "vipd-state 1\n", the owner's text (lines), and "sha256 HEX\n" over all before it. What does not read back
 * exactly is damaged (-EBADMSG), which the caller treats as "no readable state" (protocol.md section 4: silence), never
 * as an older or shorter one. A save writes NAME.new, fsyncs it, renames it over NAME and fsyncs the folder; a remove
 * unlinks and fsyncs the folder. So both are durable when they return.
 *
 * These calls wait for the disk: the loop uses state_writer.h, which runs them in one thread. Names are plain file
 * names given by us ([a-z0-9_.-], no '/').
 */
#ifndef VIPD_STATE_FILE_H
#define VIPD_STATE_FILE_H

#include "vrrp/base.h"
#include "vrrp/err.h"

#define STATE_FILE_TEXT_MAX 32768 /* of the owner's text */
#define STATE_FILE_NAME_SIZE 64

/*
 * Opens the state folder, made with mode 0700 if it is missing (its parent must exist). Refuses (-EPERM) one that is
 * somebody else's or that others may write to. Returns 0 and an O_DIRECTORY fd (caller closes).
 */
int state_dir_open(const char *path, int *ret_dir_fd, struct vip_err *err);

/* Durable when it returns 0. text: no 0 bytes, ends with a newline (or is empty); else -EINVAL. */
int state_file_save(int dir_fd, const char *name, const char *text, size_t len, struct vip_err *err);

/*
 * Reads the owner's text (0-terminated) into ret_text, which holds size bytes. -ENOENT: there is none; -EBADMSG:
 * damaged, cut off, or of another version (err says which); -EFBIG: larger than size or STATE_FILE_TEXT_MAX; others
 * from the system. On failure ret_text is untouched.
 */
int state_file_load(int dir_fd, const char *name, char *ret_text, size_t size, size_t *ret_len, struct vip_err *err);

/* Unlink + fsync of the folder; a file that is not there is 0 too (the folder is synced all the same). */
int state_file_remove(int dir_fd, const char *name, struct vip_err *err);

/* The instance is ours alone: a flock in the state folder and the abstract socket @vipd-<vrid> of the namespace. */
struct state_lock {
	int file_fd;
	int socket_fd;
};

/*
 * Takes both at once, without waiting. -EBUSY: another daemon has the instance (exit code 3); err names its pid if
 * it can. Released by state_lock_release or the end of the process; not inherited by exec.
 */
int state_lock_take(int dir_fd, const char *instance, uint8_t vrid, struct state_lock *ret_lock, struct vip_err *err);

/* The socket alone, where there is no state folder: nobody's daemon runs here with this VRID, or starts meanwhile. */
int state_lock_take_vrid(uint8_t vrid, struct state_lock *ret_lock, struct vip_err *err);

/* Accepts one that was never taken (both -1) and NULL. */
void state_lock_release(struct state_lock *lock);

#endif

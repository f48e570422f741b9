#include "vipd/state_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "vipd-state 1\n"
#define HEAD_WORD "vipd-state "
#define HEAD_LEN (sizeof(HEAD) - 1)
#define TAIL_WORD "sha256 "
#define TAIL_LEN (sizeof(TAIL_WORD) - 1 + 64 + 1) /* word, digits, newline */
#define FILE_BYTES_MAX (HEAD_LEN + STATE_FILE_TEXT_MAX + TAIL_LEN)
#define NEW_SUFFIX ".new"

static void name_assert(const char *name)
{
	size_t len = strlen(name);

	assert(len > 0 && len + sizeof(NEW_SUFFIX) <= STATE_FILE_NAME_SIZE && name[0] != '.');
	assert(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == len);
}

int state_dir_open(const char *path, int *ret_dir_fd, struct vip_err *err)
{
	struct stat stat_buf;
	int code;
	int fd;

	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		return vip_err_set(err, -errno, "cannot make the state folder %s: %s", path, strerror(errno));
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return vip_err_set(err, -errno, "cannot open the state folder %s: %s", path, strerror(errno));
	}
	if (fstat(fd, &stat_buf) < 0) {
		code = vip_err_set(err, -errno, "cannot look at the state folder %s: %s", path, strerror(errno));
		close(fd);
		return code;
	}
	if ((stat_buf.st_uid != 0 && stat_buf.st_uid != geteuid()) || (stat_buf.st_mode & 022) != 0) {
		close(fd);
		return vip_err_set(err, -EPERM,
			"others can change the state folder %s (uid %u, mode %04o): do `chown root %s; chmod 0700 %s`",
			path, (unsigned)stat_buf.st_uid, (unsigned)(stat_buf.st_mode & 07777), path, path);
	}
	*ret_dir_fd = fd;
	return 0;
}

/* "sha256 HEX\n" over bytes, and a 0. */
static int tail_make(const char *bytes, size_t len, char ret_tail[TAIL_LEN + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t used = sizeof(TAIL_WORD) - 1;

	if (EVP_Digest(bytes, len, digest, NULL, EVP_sha256(), NULL) != 1) {
		return -EIO;
	}
	memcpy(ret_tail, TAIL_WORD, used);
	for (size_t i = 0; i < 32; i++) {
		used += (size_t)snprintf(ret_tail + used, TAIL_LEN + 1 - used, "%02x", digest[i]);
	}
	ret_tail[used++] = '\n';
	ret_tail[used] = '\0';
	assert(used == TAIL_LEN);
	return 0;
}

static int bytes_write(int fd, const char *bytes, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t got = write(fd, bytes + done, len - done);

		if (got < 0 && errno != EINTR) {
			return -errno;
		}
		done += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

/* Writes head, text and tail to a new file and fsyncs it. */
static int file_write(int dir_fd, const char *name, const char *text, size_t len)
{
	char *bytes = malloc(FILE_BYTES_MAX);
	char tail[TAIL_LEN + 1];
	int code;
	int fd;

	if (bytes == NULL) {
		return -ENOMEM;
	}
	memcpy(bytes, HEAD, HEAD_LEN);
	memcpy(bytes + HEAD_LEN, text, len);
	code = tail_make(bytes, HEAD_LEN + len, tail);
	if (code < 0) {
		free(bytes);
		return code;
	}
	memcpy(bytes + HEAD_LEN + len, tail, TAIL_LEN);
	unlinkat(dir_fd, name, 0); /* one left behind; never follow a link */
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		code = -errno;
		free(bytes);
		return code;
	}
	code = bytes_write(fd, bytes, HEAD_LEN + len + TAIL_LEN);
	if (code == 0 && fsync(fd) < 0) {
		code = -errno;
	}
	if (close(fd) < 0 && code == 0) {
		code = -errno;
	}
	free(bytes);
	return code;
}

int state_file_save(int dir_fd, const char *name, const char *text, size_t len, struct vip_err *err)
{
	char new_name[STATE_FILE_NAME_SIZE];
	int code;

	name_assert(name);
	if (len > STATE_FILE_TEXT_MAX) {
		return vip_err_set(
			err, -EFBIG, "the state file %s would be larger than %d bytes", name, STATE_FILE_TEXT_MAX);
	}
	if (memchr(text, '\0', len) != NULL || (len > 0 && text[len - 1] != '\n')) {
		return vip_err_set(err, -EINVAL, "the text for the state file %s is no text of lines", name);
	}
	snprintf(new_name, sizeof(new_name), "%s%s", name, NEW_SUFFIX);
	code = file_write(dir_fd, new_name, text, len);
	if (code < 0) {
		unlinkat(dir_fd, new_name, 0);
		return vip_err_set(err, code, "cannot write the state file %s: %s", new_name, strerror(-code));
	}
	if (renameat(dir_fd, new_name, dir_fd, name) < 0) {
		return vip_err_set(err, -errno, "cannot rename the state file %s: %s", new_name, strerror(errno));
	}
	if (fsync(dir_fd) < 0) {
		return vip_err_set(
			err, -errno, "cannot sync the state folder after writing %s: %s", name, strerror(errno));
	}
	return 0;
}

/* Reads the whole file, at most FILE_BYTES_MAX + 1 bytes. */
static int file_read(int dir_fd, const char *name, char *bytes, size_t *ret_len)
{
	size_t len = 0;
	ssize_t got = 1;
	struct stat stat_buf;
	int code = 0;
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		return -errno;
	}
	if (fstat(fd, &stat_buf) < 0) {
		code = -errno;
	} else if (!S_ISREG(stat_buf.st_mode)) {
		code = -EBADMSG;
	}
	while (code == 0 && got != 0 && len <= FILE_BYTES_MAX) {
		got = read(fd, bytes + len, FILE_BYTES_MAX + 1 - len);
		if (got < 0 && errno != EINTR) {
			code = -errno;
		}
		len += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	if (code == 0) {
		*ret_len = len;
	}
	return code;
}

/* Why these bytes are no state file, or NULL; the text is then between head and tail. */
static const char *damage_find(const char *bytes, size_t len)
{
	char tail[TAIL_LEN + 1];

	if (len < HEAD_LEN + TAIL_LEN) {
		return len >= sizeof(HEAD_WORD) - 1 && memcmp(bytes, HEAD_WORD, sizeof(HEAD_WORD) - 1) == 0
			       ? "it is cut off"
			       : "it is no state file";
	}
	if (memcmp(bytes, HEAD_WORD, sizeof(HEAD_WORD) - 1) != 0) {
		return "it is no state file";
	}
	if (memcmp(bytes, HEAD, HEAD_LEN) != 0) {
		return "another version of the daemon wrote it";
	}
	if (tail_make(bytes, len - TAIL_LEN, tail) < 0) {
		return "OpenSSL cannot compute SHA-256";
	}
	if (memcmp(bytes + len - TAIL_LEN, tail, TAIL_LEN) != 0) {
		return "its checksum is wrong: it is damaged or cut off";
	}
	return memchr(bytes, '\0', len) != NULL ? "it holds 0 bytes" : NULL;
}

int state_file_load(int dir_fd, const char *name, char *ret_text, size_t size, size_t *ret_len, struct vip_err *err)
{
	char *bytes = malloc(FILE_BYTES_MAX + 1);
	const char *damage;
	size_t len = 0;
	int code;

	name_assert(name);
	if (bytes == NULL) {
		return vip_err_set(err, -ENOMEM, "cannot read the state file %s: out of memory", name);
	}
	code = file_read(dir_fd, name, bytes, &len);
	if (code < 0) {
		vip_err_set(err, code, "cannot read the state file %s: %s", name,
			code == -EBADMSG ? "it is no regular file" : strerror(-code));
	} else if (len > FILE_BYTES_MAX) {
		code = vip_err_set(err, -EFBIG, "the state file %s is too large", name);
	} else if ((damage = damage_find(bytes, len)) != NULL) {
		code = vip_err_set(err, -EBADMSG, "the state file %s cannot be used: %s", name, damage);
	} else if (len - HEAD_LEN - TAIL_LEN >= size) {
		code = vip_err_set(err, -EFBIG, "the state file %s is too large", name);
	} else {
		*ret_len = len - HEAD_LEN - TAIL_LEN;
		memcpy(ret_text, bytes + HEAD_LEN, *ret_len);
		ret_text[*ret_len] = '\0';
	}
	free(bytes);
	return code;
}

int state_file_remove(int dir_fd, const char *name, struct vip_err *err)
{
	name_assert(name);
	if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT) {
		return vip_err_set(err, -errno, "cannot remove the state file %s: %s", name, strerror(errno));
	}
	if (fsync(dir_fd) < 0) {
		return vip_err_set(
			err, -errno, "cannot sync the state folder after removing %s: %s", name, strerror(errno));
	}
	return 0;
}

#include "checks/pg_datadir_private.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DATADIR_STOP_STEP_MS 5 /* between two looks at who is left */
#define DATADIR_ORPHAN_PATIENCE_MS                                                                                     \
	300 /* backends end within 20 ms of their postmaster (measured), else they are hung */

/* How a stop gets harsher. All times are of datadir_now_ms. */
struct datadir_stopping {
	pid_t postmaster;
	int pidfd;
	int signal; /* the last one sent to the postmaster */
	int64_t begin_ms;
	int64_t deadline_ms;
	int64_t gone_ms; /* when the postmaster was first seen gone; 0 = not yet */
};

static void datadir_stop_signal(struct datadir_stopping *stop, int signal)
{
	stop->signal = signal;
	if (stop->pidfd >= 0) {
		(void)syscall(SYS_pidfd_send_signal, stop->pidfd, signal, NULL, 0);
	}
}

/* Half of the time for what was asked, then SIGQUIT, at three quarters SIGKILL: a stopped postmaster hears only that.
 */
static void datadir_stop_escalate(struct datadir_stopping *stop, int64_t now_ms)
{
	int64_t span_ms = stop->deadline_ms - stop->begin_ms;

	if (stop->signal == SIGINT && now_ms >= stop->begin_ms + span_ms / 2) {
		datadir_stop_signal(stop, SIGQUIT);
	}
	if (stop->signal == SIGQUIT && now_ms >= stop->begin_ms + span_ms * 3 / 4) {
		datadir_stop_signal(stop, SIGKILL);
	}
}

static void datadir_kill_all(const struct datadir_process *processes, int count)
{
	for (int i = 0; i < count; i++) {
		(void)kill(processes[i].pid, SIGKILL);
	}
}

/* Sleeps a step, or until the postmaster's end. */
static void datadir_stop_wait(const struct datadir_stopping *stop)
{
	struct pollfd fd = { .fd = stop->pidfd, .events = POLLIN };

	if (stop->gone_ms == 0) {
		(void)poll(&fd, 1, DATADIR_STOP_STEP_MS);
	} else {
		datadir_sleep_ms(DATADIR_STOP_STEP_MS);
	}
}

static int datadir_stop_loop(const struct datadir *datadir, struct datadir_stopping *stop)
{
	static struct datadir_process processes[DATADIR_PROCESSES_MAX];

	for (;;) {
		int count = datadir_processes(datadir->data, processes, DATADIR_PROCESSES_MAX);
		int64_t now_ms = datadir_now_ms();

		if (count == 0) {
			(void)printf("stopped in %lld ms by signal %d\n", (long long)(now_ms - stop->begin_ms),
				stop->signal);
			return DATADIR_EXIT_DONE;
		}
		if (count < 0 || now_ms >= stop->deadline_ms) {
			(void)fprintf(stderr, "%d processes of PostgreSQL are left in %s\n", count, datadir->data);
			return DATADIR_EXIT_FAILED;
		}
		if (stop->gone_ms == 0 && !datadir_is_postmaster(datadir->data, stop->postmaster)) {
			stop->gone_ms = now_ms;
		}
		if (stop->gone_ms == 0) {
			datadir_stop_escalate(stop, now_ms);
		} else if (now_ms >= stop->gone_ms + DATADIR_ORPHAN_PATIENCE_MS) {
			datadir_kill_all(processes, count);
		}
		datadir_stop_wait(stop);
	}
}

int datadir_stop(struct datadir *datadir)
{
	struct vip_err err;
	struct datadir_stopping stop = { .pidfd = -1, .begin_ms = datadir_now_ms() };
	int status;

	stop.deadline_ms = stop.begin_ms + datadir->timeout_ms;
	stop.postmaster = datadir_postmaster_pid(datadir->data);
	if (stop.postmaster > 0) {
		stop.pidfd = (int)syscall(SYS_pidfd_open, stop.postmaster, 0);
	}
	/* The pidfd first, the look second: a process that passes is the one that the pidfd holds. */
	if (!datadir_is_postmaster(datadir->data, stop.postmaster) && stop.pidfd >= 0) {
		(void)close(stop.pidfd);
		stop.pidfd = -1;
	}
	/* A disk that takes no file must not keep a primary running that has to go: said, and stopped all the same. */
	if (datadir->as_standby && datadir_standby_signal(datadir->data, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		datadir_stop_signal(&stop, strcmp(datadir->mode, "immediate") == 0 ? SIGQUIT : SIGINT);
		(void)datadir_stop_loop(datadir, &stop);
		return DATADIR_EXIT_FAILED;
	}
	datadir_stop_signal(&stop, strcmp(datadir->mode, "immediate") == 0 ? SIGQUIT : SIGINT);
	status = datadir_stop_loop(datadir, &stop);
	/*
	 * It may name a member that has another history under the same timeline number by then, and the system may
	 * start this PostgreSQL before anybody has compared. No reason to call the stop failed: it is stopped.
	 */
	if (datadir->as_standby && status == DATADIR_EXIT_DONE &&
		datadir_upstream_set(datadir->data, "", NULL, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
	}
	if (stop.pidfd >= 0) {
		(void)close(stop.pidfd);
	}
	return status;
}

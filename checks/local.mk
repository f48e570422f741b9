# PostgreSQL and processes. One list: add a file here when it compiles (headers too).
noinst_LIBRARIES += checks/libchecks.a
checks_libchecks_a_SOURCES = \
	checks/exec.c \
	checks/exec.h \
	checks/exec_child.c \
	checks/exec_child.h \
	checks/exec_user.c \
	checks/pg_conn.c \
	checks/pg_conn.h \
	checks/pg_control.c \
	checks/pg_control.h \
	checks/pg_datadir.c \
	checks/pg_datadir.h \
	checks/pg_datadir_clone.c \
	checks/pg_datadir_conf.c \
	checks/pg_datadir_file.c \
	checks/pg_datadir_parse.c \
	checks/pg_datadir_private.h \
	checks/pg_datadir_proc.c \
	checks/pg_datadir_report.c \
	checks/pg_datadir_run.c \
	checks/pg_datadir_stop.c \
	checks/pg_follow.c \
	checks/pg_follow.h \
	checks/pg_history.c \
	checks/pg_history.h \
	checks/pg_knock.c \
	checks/pg_knock.h \
	checks/pg_memory.c \
	checks/pg_memory.h \
	checks/pg_postmaster.c \
	checks/pg_postmaster.h \
	checks/pg_probe.c \
	checks/pg_probe.h \
	checks/pg_probe_private.h \
	checks/pg_probe_promote.c \
	checks/pg_query.c \
	checks/pg_query.h \
	checks/pg_reason.c \
	checks/pg_reason.h \
	checks/pg_rejoin.c \
	checks/pg_rejoin.h \
	checks/pg_rejoin_step.c \
	checks/pg_rejoin_step.h \
	checks/pg_rows.c \
	checks/pg_sync.c \
	checks/pg_sync.h \
	checks/pg_sync_list.c \
	checks/pg_sync_list.h \
	checks/pg_task.c \
	checks/pg_task.h \
	checks/pg_wal.c \
	checks/pg_wal.h \
	checks/watch.c \
	checks/watch.h
EXTRA_DIST += checks/local.mk

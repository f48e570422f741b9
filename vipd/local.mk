# The daemon and its tool. One list: everything but main.c and vipctl.c goes into the library, so that tests link it.
noinst_LIBRARIES += vipd/libvipd.a
vipd_libvipd_a_SOURCES = \
	vipd/advert_sock.c \
	vipd/advert_sock.h \
	vipd/clock.c \
	vipd/clock.h \
	vipd/config.c \
	vipd/config.h \
	vipd/config_check.c \
	vipd/config_check.h \
	vipd/config_check_members.c \
	vipd/config_clean.c \
	vipd/config_clean.h \
	vipd/config_differ.c \
	vipd/config_differ.h \
	vipd/config_digest.c \
	vipd/config_digest.h \
	vipd/config_keys.c \
	vipd/config_keys.h \
	vipd/config_member.c \
	vipd/config_not_yet.c \
	vipd/config_not_yet.h \
	vipd/config_parse.c \
	vipd/config_parse.h \
	vipd/config_parse_addr.c \
	vipd/config_report.c \
	vipd/config_report.h \
	vipd/config_scan.c \
	vipd/config_scan.h \
	vipd/config_value.c \
	vipd/control.c \
	vipd/control.h \
	vipd/control_listen.c \
	vipd/control_listen.h \
	vipd/control_request.c \
	vipd/control_request.h \
	vipd/daemon.c \
	vipd/daemon.h \
	vipd/fence.c \
	vipd/fence.h \
	vipd/instance.c \
	vipd/instance.h \
	vipd/instance_act.c \
	vipd/instance_fence.c \
	vipd/instance_kernel.c \
	vipd/instance_open.c \
	vipd/instance_restart.c \
	vipd/instance_status.c \
	vipd/kernel.c \
	vipd/kernel.h \
	vipd/kernel_announce.c \
	vipd/kernel_gate.c \
	vipd/kernel_internal.h \
	vipd/kernel_link.c \
	vipd/keys.c \
	vipd/keys.h \
	vipd/log.c \
	vipd/log.h \
	vipd/log_ring.c \
	vipd/log_ring.h \
	vipd/loop.c \
	vipd/loop.h \
	vipd/postgres.c \
	vipd/postgres.h \
	vipd/postgres_internal.h \
	vipd/postgres_order.c \
	vipd/postgres_slots.c \
	vipd/postgres_state.c \
	vipd/postgres_sync.c \
	vipd/realtime.c \
	vipd/realtime.h \
	vipd/report_sock.c \
	vipd/report_sock.h \
	vipd/service.c \
	vipd/service.h \
	vipd/state_file.c \
	vipd/state_file.h \
	vipd/state_lock.c \
	vipd/state_writer.c \
	vipd/state_writer.h \
	vipd/status.c \
	vipd/status.h \
	vipd/status_sync.c \
	vipd/status_sync.h \
	vipd/status_view.c \
	vipd/status_view.h \
	vipd/stored_text.c \
	vipd/stored_text.h \
	vipd/stored_text_private.h \
	vipd/stored_text_read.c \
	vipd/text_escape.c \
	vipd/text_escape.h \
	vipd/token_text.c \
	vipd/token_text.h \
	vipd/verbs.c \
	vipd/verbs.h \
	vipd/verbs_switch.c \
	vipd/verbs_switch.h \
	vipd/verbs_which.c \
	vipd/verbs_which.h \
	vipd/vipctl_client.c \
	vipd/vipctl_client.h \
	vipd/vipctl_gate.c \
	vipd/vipctl_gate.h \
	vipd/vipctl_order.c \
	vipd/vipctl_order.h \
	vipd/vipctl_say.c \
	vipd/vipctl_say.h \
	vipd/vipctl_table.c \
	vipd/vipctl_table.h
EXTRA_DIST += vipd/local.mk

sbin_PROGRAMS += vipd/vipd vipd/vipctl
vipd_vipd_SOURCES = vipd/main.c
vipd_vipd_LDADD = $(ROOM_LIBADD)
vipd_vipctl_SOURCES = vipd/vipctl.c
vipd_vipctl_LDADD = $(ROOM_LIBADD)

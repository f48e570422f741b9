# The daemon and its tool. One list: everything but main.c and vipctl.c goes into the library, so that tests link it.
noinst_LIBRARIES += vipd/libvipd.a
vipd_libvipd_a_SOURCES = \
	vipd/advert_sock.c \
	vipd/advert_sock.h \
	vipd/config.c \
	vipd/config.h \
	vipd/config_check.c \
	vipd/config_check.h \
	vipd/config_check_members.c \
	vipd/config_clean.c \
	vipd/config_clean.h \
	vipd/config_digest.c \
	vipd/config_digest.h \
	vipd/config_keys.c \
	vipd/config_keys.h \
	vipd/config_member.c \
	vipd/config_parse.c \
	vipd/config_parse.h \
	vipd/config_parse_addr.c \
	vipd/config_report.c \
	vipd/config_report.h \
	vipd/config_scan.c \
	vipd/config_scan.h \
	vipd/config_value.c \
	vipd/control.h \
	vipd/keys.c \
	vipd/keys.h \
	vipd/log.h \
	vipd/state_file.h \
	vipd/state_writer.h
EXTRA_DIST += vipd/local.mk

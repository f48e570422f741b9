# The pure core. One list: add a file here when it compiles (headers too, or `make dist` forgets them).
noinst_LIBRARIES += vrrp/libvrrp.a
vrrp_libvrrp_a_SOURCES = \
	vrrp/addr.c \
	vrrp/addr.h \
	vrrp/advert.c \
	vrrp/advert.h \
	vrrp/auth.h \
	vrrp/ballot.c \
	vrrp/base.h \
	vrrp/core.c \
	vrrp/core.h \
	vrrp/core_failover.c \
	vrrp/core_faults.c \
	vrrp/core_health.c \
	vrrp/core_history.c \
	vrrp/core_hold.c \
	vrrp/core_internal.h \
	vrrp/core_long.c \
	vrrp/core_members.c \
	vrrp/core_pause.c \
	vrrp/core_peers.c \
	vrrp/core_pg.c \
	vrrp/core_report.c \
	vrrp/core_restart.c \
	vrrp/core_role.c \
	vrrp/core_stand.c \
	vrrp/core_start.c \
	vrrp/core_switch.c \
	vrrp/core_sync.c \
	vrrp/core_take.c \
	vrrp/core_track.c \
	vrrp/core_types.h \
	vrrp/core_vote.c \
	vrrp/core_vouch.c \
	vrrp/err.c \
	vrrp/err.h \
	vrrp/history.c \
	vrrp/history.h \
	vrrp/lease.c \
	vrrp/lease.h \
	vrrp/members.c \
	vrrp/members.h \
	vrrp/mutant.h \
	vrrp/peer.c \
	vrrp/peer.h \
	vrrp/pg.h \
	vrrp/prng.c \
	vrrp/prng.h \
	vrrp/ranking.c \
	vrrp/ranking.h \
	vrrp/report.c \
	vrrp/report.h \
	vrrp/role.c \
	vrrp/role.h \
	vrrp/switch.h \
	vrrp/trace.c \
	vrrp/track.c \
	vrrp/track.h \
	vrrp/vouch.c \
	vrrp/vouch.h \
	vrrp/words.c

EXTRA_DIST += vrrp/local.mk

# The kernel. One list: add a file here when it compiles (headers too).
noinst_LIBRARIES += netlink/libnetlink.a
netlink_libnetlink_a_SOURCES = \
	netlink/garp.c \
	netlink/garp.h \
	netlink/gate_map.h \
	netlink/ndisc.c \
	netlink/ndisc.h \
	netlink/nl_addr.c \
	netlink/nl_addr.h \
	netlink/nl_claims.c \
	netlink/nl_claims.h \
	netlink/nl_gate.c \
	netlink/nl_gate.h \
	netlink/nl_gate_attach.c \
	netlink/nl_gate_inside.h \
	netlink/nl_gate_left.c \
	netlink/nl_gate_left.h \
	netlink/nl_gate_mend.c \
	netlink/nl_link.c \
	netlink/nl_link.h \
	netlink/nl_monitor.c \
	netlink/nl_monitor.h \
	netlink/nl_packet.c \
	netlink/nl_packet.h \
	netlink/nl_route.c \
	netlink/nl_route.h \
	netlink/nl_sockdiag.c \
	netlink/nl_sockdiag.h \
	netlink/nl_talk.c \
	netlink/nl_talk.h \
	netlink/nl_tc.c \
	netlink/nl_tc.h

# The gate: C -> BPF object -> without DWARF -> a header with the object in it, struct gate_bpf, in the build folder.
# Included as "netlink/gate.skel.h"; made before anything else is compiled.
nodist_netlink_libnetlink_a_SOURCES = netlink/gate.skel.h
BUILT_SOURCES += netlink/gate.skel.h
CLEANFILES += netlink/gate.skel.h netlink/gate.bpf.o netlink/gate.linked.o
EXTRA_DIST += netlink/local.mk netlink/gate.bpf.c

netlink/gate.bpf.o: netlink/gate.bpf.c netlink/gate_map.h Makefile
	$(AM_V_GEN)$(MKDIR_P) netlink && $(CLANG) -std=gnu11 -O2 -g -Wall -Wextra -Werror -target bpf -mcpu=v3 $(BPF_CPPFLAGS) \
		-I$(top_srcdir) -c -o $@ $(srcdir)/netlink/gate.bpf.c

# A system header to the compiler: bpftool's C is not held to our warnings.
netlink/gate.skel.h: netlink/gate.bpf.o
	$(AM_V_GEN)$(BPFTOOL) gen object netlink/gate.linked.o netlink/gate.bpf.o && \
		{ echo '#pragma GCC system_header' && \
		$(BPFTOOL) gen skeleton netlink/gate.linked.o name gate_bpf; } >$@.tmp && mv $@.tmp $@

netlink/nl_gate.$(OBJEXT): netlink/gate.skel.h

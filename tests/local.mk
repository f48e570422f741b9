# Tests of `make check`. All of them speak TAP, so that every case is counted. None needs PostgreSQL; those of netlink/
# make a network namespace of their own and are skipped without root.
#
# To add a unit test: write tests/unit/test_X.c (cmocka) and put its name into unit_tests; what tests share is in libshared.
# To add a fuzz target: write tests/fuzz/fuzz_X.c (LLVMFuzzerTestOneInput) and put its name into fuzz_targets;
# its seed corpus, if any, is the folder tests/fuzz/corpus/fuzz_X.
unit_tests = \
	tests/unit/test_addr \
	tests/unit/test_advert \
	tests/unit/test_advert_sock \
	tests/unit/test_base \
	tests/unit/test_config \
	tests/unit/test_config_digest \
	tests/unit/test_config_faults \
	tests/unit/test_config_host \
	tests/unit/test_config_keys \
	tests/unit/test_config_parse \
	tests/unit/test_control \
	tests/unit/test_clock_rate \
	tests/unit/test_core_clock \
	tests/unit/test_core_failover \
	tests/unit/test_core_hold \
	tests/unit/test_core_leave \
	tests/unit/test_core_long \
	tests/unit/test_core_members \
	tests/unit/test_core_pause \
	tests/unit/test_core_names \
	tests/unit/test_core_pg \
	tests/unit/test_core_sync \
	tests/unit/test_core_vouch \
	tests/unit/test_core_vouch_give \
	tests/unit/test_vouch \
	tests/unit/test_core_quorum_none \
	tests/unit/test_core_rejoin \
	tests/unit/test_core_restart \
	tests/unit/test_core_round \
	tests/unit/test_core_stand \
	tests/unit/test_core_start \
	tests/unit/test_core_switch \
	tests/unit/test_core_switch_quorum \
	tests/unit/test_core_track \
	tests/unit/test_core_vote \
	tests/unit/test_core_vote_data \
	tests/unit/test_err \
	tests/unit/test_exec \
	tests/unit/test_garp \
	tests/unit/test_history \
	tests/unit/test_history_tree \
	tests/unit/test_kernel_gate \
	tests/unit/test_keys \
	tests/unit/test_lease \
	tests/unit/test_log \
	tests/unit/test_members \
	tests/unit/test_ndisc \
	tests/unit/test_nl_addr \
	tests/unit/test_nl_claims \
	tests/unit/test_nl_gate \
	tests/unit/test_nl_gate_life \
	tests/unit/test_nl_gate_mend \
	tests/unit/test_nl_gate_reject \
	tests/unit/test_nl_gate_rights \
	tests/unit/test_nl_monitor \
	tests/unit/test_nl_sockdiag \
	tests/unit/test_peer \
	tests/unit/test_pg_control \
	tests/unit/test_pg_query \
	tests/unit/test_pg_sync_list \
	tests/unit/test_pg_text \
	tests/unit/test_pg_wal \
	tests/unit/test_prng \
	tests/unit/test_ranking \
	tests/unit/test_realtime \
	tests/unit/test_report \
	tests/unit/test_report_drops \
	tests/unit/test_report_guard \
	tests/unit/test_report_sock \
	tests/unit/test_restart_check \
	tests/unit/test_role \
	tests/unit/test_service \
	tests/unit/test_state_file \
	tests/unit/test_script \
	tests/unit/test_status \
	tests/unit/test_status_track \
	tests/unit/test_stored_text \
	tests/unit/test_token_text \
	tests/unit/test_verbs_which \
	tests/unit/test_vipctl_table \
	tests/unit/test_words

# Those that need a real PostgreSQL, and root to become postgres: make check-postgres, not make check.
postgres_tests = \
	tests/unit/test_pg_debian \
	tests/unit/test_pg_follow \
	tests/unit/test_pg_health \
	tests/unit/test_pg_probe \
	tests/unit/test_pg_rejoin \
	tests/unit/test_pg_rejoin_source \
	tests/unit/test_pg_seal \
	tests/unit/test_pg_slot \
	tests/unit/test_pg_sync

# What the unit tests share: one list, headers too.
check_LIBRARIES = tests/unit/libshared.a $(mutants_library)
tests_unit_libshared_a_SOURCES = \
	tests/unit/config_sample.h \
	tests/unit/core_lab.c \
	tests/unit/core_lab.h \
	tests/unit/core_lab_line.c \
	tests/unit/core_lab_quorum.c \
	tests/unit/core_monitor.c \
	tests/unit/core_monitor.h \
	tests/unit/core_monitor_lease.c \
	tests/unit/core_monitor_view.h \
	tests/unit/core_monitor_quorum.c \
	tests/unit/core_monitor_quorum.h \
	tests/unit/pg_fixture.c \
	tests/unit/pg_fixture.h \
	tests/unit/report_samples.h \
	tests/unit/status_lab.h \
	tests/unit/test_nl_gate_lab.h \
	tests/unit/test_nl_lab.h

exhaustive_tests = tests/exhaustive/test_exhaustive
tests_exhaustive_test_exhaustive_SOURCES = \
	tests/exhaustive/check.c \
	tests/exhaustive/ex.h \
	tests/exhaustive/extra.c \
	tests/exhaustive/main.c \
	tests/exhaustive/scene.c \
	tests/exhaustive/stimuli.c \
	tests/exhaustive/walk.c

sim_tests = tests/run_sim.py
sim_programs = tests/sim/sim
# The simulated world; golden scenarios are told in it too.
sim_world = \
	tests/sim/act.c \
	tests/sim/clock.c \
	tests/sim/codec.c \
	tests/sim/faults.c \
	tests/sim/heap.c \
	tests/sim/inbox.c \
	tests/sim/inv_acts.c \
	tests/sim/inv_attach.c \
	tests/sim/inv_commits.c \
	tests/sim/inv_input.c \
	tests/sim/inv_live.c \
	tests/sim/inv_one_gate.c \
	tests/sim/inv_one_lease.c \
	tests/sim/inv_serving.c \
	tests/sim/kernel.c \
	tests/sim/knobs.c \
	tests/sim/knobs.h \
	tests/sim/member.c \
	tests/sim/net.c \
	tests/sim/operator.c \
	tests/sim/pg.c \
	tests/sim/pg.h \
	tests/sim/pg_op.c \
	tests/sim/pg_stream.c \
	tests/sim/sim.h \
	tests/sim/wal.c \
	tests/sim/world.c
tests_sim_sim_SOURCES = $(sim_world) tests/sim/main.c tests/mutants/none.c tests/mutants/mutants.h

# Golden scenarios: one file a story, tests/golden/stories/NAME.story.
golden_tests = tests/run_golden.py
golden_programs = tests/golden/golden
golden_sources = \
	tests/golden/golden.h \
	tests/golden/main.c \
	tests/golden/verbs.c \
	tests/golden/operator.c \
	tests/golden/watch.c \
	tests/golden/words.c
tests_golden_golden_SOURCES = $(sim_world) $(golden_sources) tests/mutants/none.c tests/mutants/mutants.h

# Mutants: the core once more, in which one rule can be broken at run time (vrrp/mutant.h), and who must see it.
mutants_tests = tests/run_mutants.py
mutants_programs = tests/sim/sim_mutant tests/golden/golden_mutant $(mutants_unit)
mutants_library = tests/mutants/libvrrp_mutant.a
tests_mutants_libvrrp_mutant_a_SOURCES = $(vrrp_libvrrp_a_SOURCES) tests/mutants/chosen.c tests/mutants/mutants.h
tests_mutants_libvrrp_mutant_a_CPPFLAGS = $(AM_CPPFLAGS) -DVRRP_MUTANTS
tests_sim_sim_mutant_SOURCES = $(sim_world) tests/sim/main.c
tests_sim_sim_mutant_LDADD = $(mutants_library)
tests_golden_golden_mutant_SOURCES = $(sim_world) $(golden_sources)
tests_golden_golden_mutant_LDADD = $(mutants_library)
# Unit tests that see mutants; VIPD_MUTANT chooses one.
mutants_unit = \
	tests/unit/mutant_core_members \
	tests/unit/mutant_core_names \
	tests/unit/mutant_core_switch \
	tests/unit/mutant_core_track \
	tests/unit/mutant_core_vouch \
	tests/unit/mutant_core_vouch_give \
	tests/unit/mutant_vouch \
	tests/unit/mutant_core_clock \
	tests/unit/mutant_core_long \
	tests/unit/mutant_core_pause \
	tests/unit/mutant_core_restart \
	tests/unit/mutant_core_hold \
	tests/unit/mutant_core_leave \
	tests/unit/mutant_core_switch_quorum \
	tests/unit/mutant_core_pg \
	tests/unit/mutant_core_quorum_none \
	tests/unit/mutant_core_rejoin \
	tests/unit/mutant_core_round \
	tests/unit/mutant_core_stand \
	tests/unit/mutant_core_start \
	tests/unit/mutant_core_vote \
	tests/unit/mutant_core_vote_data \
	tests/unit/mutant_history \
	tests/unit/mutant_lease \
	tests/unit/mutant_peer \
	tests/unit/mutant_ranking
tests_unit_mutant_core_members_SOURCES = tests/unit/test_core_members.c
tests_unit_mutant_core_members_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_track_SOURCES = tests/unit/test_core_track.c
tests_unit_mutant_core_track_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_switch_SOURCES = tests/unit/test_core_switch.c
tests_unit_mutant_core_switch_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_hold_SOURCES = tests/unit/test_core_hold.c
tests_unit_mutant_core_hold_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_switch_quorum_SOURCES = tests/unit/test_core_switch_quorum.c
tests_unit_mutant_core_switch_quorum_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_leave_SOURCES = tests/unit/test_core_leave.c
tests_unit_mutant_core_leave_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_pg_SOURCES = tests/unit/test_core_pg.c
tests_unit_mutant_core_pg_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_quorum_none_SOURCES = tests/unit/test_core_quorum_none.c
tests_unit_mutant_core_quorum_none_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_rejoin_SOURCES = tests/unit/test_core_rejoin.c
tests_unit_mutant_core_rejoin_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_round_SOURCES = tests/unit/test_core_round.c
tests_unit_mutant_core_round_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_stand_SOURCES = tests/unit/test_core_stand.c
tests_unit_mutant_core_stand_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_start_SOURCES = tests/unit/test_core_start.c
tests_unit_mutant_core_start_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_vote_SOURCES = tests/unit/test_core_vote.c
tests_unit_mutant_core_vote_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_vote_data_SOURCES = tests/unit/test_core_vote_data.c
tests_unit_mutant_core_vote_data_LDADD = $(mutants_unit_libs)
tests_unit_mutant_history_SOURCES = tests/unit/test_history.c
tests_unit_mutant_history_LDADD = $(mutants_unit_libs)
tests_unit_mutant_lease_SOURCES = tests/unit/test_lease.c
tests_unit_mutant_lease_LDADD = $(mutants_unit_libs)
tests_unit_mutant_peer_SOURCES = tests/unit/test_peer.c
tests_unit_mutant_peer_LDADD = $(mutants_unit_libs)
tests_unit_mutant_ranking_SOURCES = tests/unit/test_ranking.c
tests_unit_mutant_ranking_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_restart_SOURCES = tests/unit/test_core_restart.c
tests_unit_mutant_core_restart_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_pause_SOURCES = tests/unit/test_core_pause.c
tests_unit_mutant_core_pause_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_long_SOURCES = tests/unit/test_core_long.c
tests_unit_mutant_core_long_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_clock_SOURCES = tests/unit/test_core_clock.c
tests_unit_mutant_core_clock_LDADD = $(mutants_unit_libs)
tests_unit_mutant_vouch_SOURCES = tests/unit/test_vouch.c
tests_unit_mutant_vouch_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_vouch_give_SOURCES = tests/unit/test_core_vouch_give.c
tests_unit_mutant_core_vouch_give_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_vouch_SOURCES = tests/unit/test_core_vouch.c
tests_unit_mutant_core_vouch_LDADD = $(mutants_unit_libs)
tests_unit_mutant_core_names_SOURCES = tests/unit/test_core_names.c
tests_unit_mutant_core_names_LDADD = $(mutants_unit_libs)
mutants_unit_libs = tests/unit/libshared.a $(mutants_library) $(ROOM_LIBADD) $(CMOCKA_LIBS)

fuzz_targets = \
	tests/fuzz/fuzz_addr \
	tests/fuzz/fuzz_advert \
	tests/fuzz/fuzz_config \
	tests/fuzz/fuzz_control \
	tests/fuzz/fuzz_core \
	tests/fuzz/fuzz_history \
	tests/fuzz/fuzz_netlink \
	tests/fuzz/fuzz_pg_rows \
	tests/fuzz/fuzz_pg_text \
	tests/fuzz/fuzz_pg_wal \
	tests/fuzz/fuzz_report \
	tests/fuzz/fuzz_stored

# What the fuzz targets share.
fuzz_shared = \
	tests/fuzz/input.h \
	tests/fuzz/world.c \
	tests/fuzz/world.h \
	tests/fuzz/world_values.c \
	tests/unit/core_monitor.c \
	tests/unit/core_monitor_lease.c \
	tests/unit/core_monitor_quorum.c

tidy_tests = \
	tests/tidy/tidy.py \
	tests/tidy/selftest.py

if FUZZ
fuzz_tests = tests/fuzz/run.py
check_SCRIPTS = $(fuzz_targets)
endif

# Programs of the netns suite and the bench; run by them, not by make check. They measure, so the sanitizers stay out.
netns_programs = \
	tests/netns/watcher \
	tests/bench/flood \
	tests/bench/gate \
	tests/bench/writer
tests_netns_watcher_SOURCES = \
	tests/netns/probes.c \
	tests/netns/probes.h \
	tests/netns/watcher.c
tests_netns_watcher_CFLAGS = $(filter-out -fsanitize% -fno-sanitize%,$(AM_CFLAGS))
tests_netns_watcher_LDFLAGS = $(filter-out -fsanitize%,$(AM_LDFLAGS))
tests_bench_flood_SOURCES = \
	tests/bench/flood.c
tests_bench_flood_CFLAGS = $(filter-out -fsanitize% -fno-sanitize%,$(AM_CFLAGS))
tests_bench_flood_LDFLAGS = $(filter-out -fsanitize%,$(AM_LDFLAGS))
tests_bench_writer_SOURCES = \
	tests/bench/writer.c
tests_bench_writer_CFLAGS = $(filter-out -fsanitize% -fno-sanitize%,$(AM_CFLAGS))
tests_bench_writer_LDFLAGS = $(filter-out -fsanitize%,$(AM_LDFLAGS))

check_PROGRAMS += $(unit_tests) $(postgres_tests) $(exhaustive_tests) $(sim_programs) $(golden_programs) $(mutants_programs) \
	$(netns_programs)
TESTS += $(unit_tests) $(exhaustive_tests) $(sim_tests) $(golden_tests) $(mutants_tests) $(fuzz_tests) $(tidy_tests)
LDADD = tests/unit/libshared.a $(ROOM_LIBADD) $(CMOCKA_LIBS)

# VIPD_PLAIN is a build without sanitizers, if there is one: the tidy tests read its libraries and programs.
VIPD_PLAIN = $(abs_builddir)
AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	VIPD_SOURCE='$(abs_srcdir)'; export VIPD_SOURCE; \
	VIPD_PLAIN='$(VIPD_PLAIN)'; export VIPD_PLAIN; \
	VIPD_POSTGRES_TESTS='$(postgres_tests)'; export VIPD_POSTGRES_TESTS; \
	VIPD_FUZZ_TARGETS='$(fuzz_targets)'; export VIPD_FUZZ_TARGETS; \
	PYTHONDONTWRITEBYTECODE=1; export PYTHONDONTWRITEBYTECODE;
TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
TEST_EXTENSIONS = .py
LOG_DRIVER = $(TAP_DRIVER)
LOG_COMPILER = $(PYTHON3) $(top_srcdir)/tests/run_cmocka.py
PY_LOG_DRIVER = $(TAP_DRIVER)
PY_LOG_COMPILER = $(PYTHON3)

# One suite alone: make check-unit, check-postgres, check-exhaustive, check-sim, check-golden, check-mutants,
# check-fuzz, check-tidy.
check-unit:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests)' TEST_SUITE_LOG=$@.log
check-postgres:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS=tests/run_postgres.py TEST_SUITE_LOG=$@.log
check-exhaustive:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(exhaustive_tests)' TEST_SUITE_LOG=$@.log
check-sim:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(sim_tests)' TEST_SUITE_LOG=$@.log
check-golden:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(golden_tests)' TEST_SUITE_LOG=$@.log
check-mutants:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(mutants_tests)' TEST_SUITE_LOG=$@.log
check-fuzz:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(fuzz_tests)' TEST_SUITE_LOG=$@.log
check-tidy:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(tidy_tests)' TEST_SUITE_LOG=$@.log
golden-update: $(golden_programs)
	tests/golden/golden --update $(srcdir)/tests/golden/stories/*.story
# Everything that the suites run, without running it. all comes first: it makes the gate's header.
check-programs: all
	$(MAKE) $(AM_MAKEFLAGS) check-programs-am
check-programs-am: $(check_LIBRARIES) $(check_PROGRAMS) $(check_SCRIPTS)
.PHONY: golden-update check-unit check-postgres check-exhaustive check-sim check-golden check-mutants check-fuzz check-tidy check-programs check-programs-am

# Fuzz targets are built by clang whatever CC is, from objects of their own: libFuzzer needs its coverage in all of
# the code it is to explore.
FUZZ_CFLAGS = -std=gnu11 -g -O1 -Wall -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_OBJECTS = $(patsubst %.c,tests/fuzz/obj/%.o,$(filter %.c,$(vrrp_libvrrp_a_SOURCES) \
	$(checks_libchecks_a_SOURCES) $(netlink_libnetlink_a_SOURCES) $(vipd_libvipd_a_SOURCES) $(fuzz_shared)))

tests/fuzz/obj/%.o: %.c Makefile | $(BUILT_SOURCES)
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(CLANG) $(AM_CPPFLAGS) $(CPPFLAGS) -U_FORTIFY_SOURCE \
		$(filter -I% -D%,$(AM_CFLAGS)) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

tests/fuzz/libfuzzed.a: $(FUZZ_OBJECTS)
	$(AM_V_AR)rm -f $@ && $(AR) cr $@ $(FUZZ_OBJECTS)

$(fuzz_targets): tests/fuzz/fuzz_%: tests/fuzz/obj/tests/fuzz/fuzz_%.o tests/fuzz/libfuzzed.a
	$(AM_V_CCLD)$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $< tests/fuzz/libfuzzed.a \
		$(filter-out %.a,$(ROOM_LIBADD))

.PRECIOUS: tests/fuzz/obj/tests/fuzz/fuzz_%.o
-include $(FUZZ_OBJECTS:.o=.d) $(patsubst %,tests/fuzz/obj/%.d,$(fuzz_targets))

CLEANFILES += $(fuzz_targets) tests/fuzz/libfuzzed.a check-*.log
clean-local:
	rm -rf tests/fuzz/obj

# The scenarios and the bench go into the tarball as they are.
dist-hook:
	tar -C $(srcdir) -cf - --exclude=__pycache__ --exclude=.pytest_cache tests/netns tests/bench | tar -C $(distdir) -xf -

EXTRA_DIST += tests/local.mk tests/run_cmocka.py tests/run_postgres.py tests/run_sim.py tests/run_golden.py tests/run_mutants.py tests/sim/seeds \
	tests/golden/stories tests/mutants/table \
	tests/tally.py tests/soak.py tests/skips.txt tests/fuzz/run.py tests/fuzz/corpus $(fuzz_shared) $(fuzz_targets:=.c) \
	tests/tidy/tidy.py tests/tidy/selftest.py tests/tidy/tree.py tests/tidy/rules_layers.py \
	tests/tidy/rules_source.py tests/tidy/rules_binary.py tests/tidy/rules_documents.py

# Tests of `make check`. All of them speak TAP, so that every case is counted; none needs root or PostgreSQL.
#
# To add a unit test: write tests/unit/test_X.c (cmocka, one group a program) and put its name into unit_tests.
# To add a fuzz target: write tests/fuzz/fuzz_X.c (LLVMFuzzerTestOneInput) and put its name into fuzz_targets;
# its seed corpus, if any, is the folder tests/fuzz/corpus/fuzz_X.
unit_tests = \
	tests/unit/test_base \
	tests/unit/test_err \
	tests/unit/test_report \
	tests/unit/test_report_drops \
	tests/unit/test_words

unit_headers = \
	tests/unit/report_samples.h

exhaustive_tests =

sim_tests =

fuzz_targets =

tidy_tests = \
	tests/tidy/tidy.py \
	tests/tidy/selftest.py

if FUZZ
fuzz_tests = tests/fuzz/run.py
check_SCRIPTS = $(fuzz_targets)
endif

check_PROGRAMS += $(unit_tests) $(exhaustive_tests) $(sim_tests)
TESTS += $(unit_tests) $(exhaustive_tests) $(sim_tests) $(fuzz_tests) $(tidy_tests)
LDADD = $(ROOM_LIBADD) $(CMOCKA_LIBS)

# VIPD_PLAIN is a build without sanitizers, if there is one: the tidy tests read its libraries and programs.
VIPD_PLAIN = $(abs_builddir)
AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	VIPD_SOURCE='$(abs_srcdir)'; export VIPD_SOURCE; \
	VIPD_PLAIN='$(VIPD_PLAIN)'; export VIPD_PLAIN; \
	VIPD_FUZZ_TARGETS='$(fuzz_targets)'; export VIPD_FUZZ_TARGETS; \
	PYTHONDONTWRITEBYTECODE=1; export PYTHONDONTWRITEBYTECODE;
TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
TEST_EXTENSIONS = .py
LOG_DRIVER = $(TAP_DRIVER)
PY_LOG_DRIVER = $(TAP_DRIVER)
PY_LOG_COMPILER = $(PYTHON3)

# One suite alone: make check-unit, check-exhaustive, check-sim, check-fuzz, check-tidy.
check-unit:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests)' TEST_SUITE_LOG=$@.log
check-exhaustive:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(exhaustive_tests)' TEST_SUITE_LOG=$@.log
check-sim:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(sim_tests)' TEST_SUITE_LOG=$@.log
check-fuzz:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(fuzz_tests)' TEST_SUITE_LOG=$@.log
check-tidy:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(tidy_tests)' TEST_SUITE_LOG=$@.log
check-programs: $(BUILT_SOURCES) $(check_PROGRAMS) $(check_SCRIPTS)
.PHONY: check-unit check-exhaustive check-sim check-fuzz check-tidy check-programs

# Fuzz targets are built by clang whatever CC is, from objects of their own: libFuzzer needs its coverage in all of
# the code it is to explore.
FUZZ_CFLAGS = -std=gnu11 -g -O1 -Wall -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_OBJECTS = $(patsubst %.c,tests/fuzz/obj/%.o,$(filter %.c,$(vrrp_libvrrp_a_SOURCES) \
	$(checks_libchecks_a_SOURCES) $(netlink_libnetlink_a_SOURCES) $(vipd_libvipd_a_SOURCES)))

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

# Whole folders of what is not compiled.
EXTRA_DIST += tests/local.mk tests/tally.py tests/skips.txt tests/fuzz/run.py $(fuzz_targets:=.c) \
	$(unit_headers) \
	tests/tidy/tidy.py tests/tidy/selftest.py tests/tidy/tree.py tests/tidy/rules_layers.py \
	tests/tidy/rules_source.py tests/tidy/rules_binary.py tests/tidy/rules_documents.py

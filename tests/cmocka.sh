#!/bin/sh
# Runs a cmocka program and makes its TAP one that a TAP reader takes: cmocka prints a plan for each group and numbers
# from 1 again, and calls a skipped test "not ok 3 # SKIP name". The program's exit status is kept, so that a crash and
# a sanitizer's finding at exit are errors of their own; what a program does not run of its plan stays missing.
out=$(mktemp) || exit 99
trap 'rm -f "$out"' EXIT
"$@" >"$out"
status=$?
awk '
	/^1\.\.[0-9]+$/ { plan += substr($0, 4); next }
	/^not ok [0-9]+ # SKIP/ { name = $0; sub(/^.*# SKIP */, "", name); print "ok " ++number " - " name " # SKIP"; next }
	/^(not )?ok [0-9]+/ { line = $0; sub(/ok [0-9]+/, "ok " (++number), line); print line; next }
	{ print }
	END { print "1.." plan + 0 }
' "$out"
exit $status

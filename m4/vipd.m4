# Checks of configure.ac: what is missing is collected, named once with its Debian packages, then refused.

# VIPD_NEED(VARIABLE, PKG-CONFIG MODULES, DEBIAN PACKAGES)
AC_DEFUN([VIPD_NEED], [
	PKG_CHECK_MODULES([$1], [$2], [], [
		vipd_missing="$vipd_missing
  $2"
		vipd_packages="$vipd_packages $3"
	])
])

# VIPD_NEED_PROG(VARIABLE, NAMES, DEBIAN PACKAGES); sbin is searched too, for builds by an ordinary user
AC_DEFUN([VIPD_NEED_PROG], [
	AC_ARG_VAR([$1], [path of $2])
	AC_PATH_PROGS([$1], [$2], [], [$PATH:/usr/sbin:/sbin])
	AS_IF([test -z "$$1"], [
		vipd_missing="$vipd_missing
  $2"
		vipd_packages="$vipd_packages $3"
	])
])

# VIPD_NEED_HEADER(HEADER, DEBIAN PACKAGES)
AC_DEFUN([VIPD_NEED_HEADER], [
	AC_CHECK_HEADER([$1], [], [
		vipd_missing="$vipd_missing
  $1"
		vipd_packages="$vipd_packages $2"
	])
])

AC_DEFUN([VIPD_REPORT_MISSING], [
	AS_IF([test -n "$vipd_missing"], [
		AC_MSG_ERROR([these are missing or too old:$vipd_missing

On Debian or Ubuntu:

  apt-get install$vipd_packages
])
	])
])

# VIPD_TRY_CFLAGS(VARIABLE, FLAGS): each flag that the compiler takes without a complaint is appended
AC_DEFUN([VIPD_TRY_CFLAGS], [
	for vipd_flag in $2; do
		vipd_saved="$CFLAGS"
		CFLAGS="$CFLAGS -Werror $vipd_flag"
		AC_MSG_CHECKING([whether $CC takes $vipd_flag])
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [vipd_takes=yes; $1="$$1 $vipd_flag"], [vipd_takes=no])
		AC_MSG_RESULT([$vipd_takes])
		CFLAGS="$vipd_saved"
	done
])

# VIPD_FLAGS: warnings, hardening, sanitizers into VIPD_CFLAGS, VIPD_CPPFLAGS, VIPD_LDFLAGS
AC_DEFUN([VIPD_FLAGS], [
	VIPD_CFLAGS="-std=gnu11 -fPIE"
	VIPD_CPPFLAGS=""
	VIPD_LDFLAGS="-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed"
	VIPD_TRY_CFLAGS([VIPD_CFLAGS], [-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes dnl
-Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough -Wdouble-promotion dnl
-fstack-protector-strong -fstack-clash-protection -fcf-protection -fno-strict-overflow])
	AS_IF([test "x$enable_werror" = xyes], [VIPD_CFLAGS="$VIPD_CFLAGS -Werror"])
	AS_IF([test "x$enable_sanitizers" = xyes], [
		vipd_san="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
		VIPD_CFLAGS="$VIPD_CFLAGS $vipd_san"
		VIPD_LDFLAGS="$VIPD_LDFLAGS $vipd_san"
		dnl Warnings by data flow see ghosts in instrumented code (gcc's manual says so); the plain build has them.
		VIPD_TRY_CFLAGS([VIPD_CFLAGS], [-Wno-format-truncation -Wno-maybe-uninitialized -Wno-stringop-overflow dnl
-Wno-stringop-truncation -Wno-array-bounds])
		AC_MSG_CHECKING([whether the sanitizers link])
		vipd_saved="$CFLAGS"
		CFLAGS="$CFLAGS $vipd_san"
		AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes])], [
			AC_MSG_RESULT([no])
			AC_MSG_ERROR([$CC cannot link its sanitizers: apt-get install libasan8 libubsan1])
		])
		CFLAGS="$vipd_saved"
	], [
		dnl Fortified only when optimised; -U first, because distributions define it on their own.
		VIPD_CPPFLAGS="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"
		AS_CASE([" $CFLAGS "], [*" -O0 "*], [VIPD_CPPFLAGS=""])
	])
])

"""What the build really made: symbols of the libraries, hardening of the programs. Read off, not promised."""
import os
import re
import subprocess
import tempfile

from tree import output, rule

# house rule: the core calls nothing but this. strdup and strndup allocate.
PURE = re.compile(r"(mem|str(?!n?dup))\w+$|v?snprintf$|__(mem|str)\w+_chk$|__v?snprintf_chk$|__stack_chk_fail$|"
                  r"__assert_fail$|_GLOBAL_OFFSET_TABLE_$|__(a|ub)san_\w+$")
CLOCK_OR_LOG = re.compile(r"(clock_\w+|gettimeofday|time|times|ftime|v?syslog|openlog|v?printf|__v?printf_chk|puts|"
                          r"putchar|perror|err|errx|warn|warnx|sd_\w+|stdout|stderr)$")
# A program of its own, run in a child as the owner of the data directory: it has an exit status and a standard error.
CHILD = re.compile(r"pg_datadir\w*\.o$")


def symbols(library, option):
    """(member, symbol) of a static library."""
    if not os.path.isfile(library):
        raise FileNotFoundError(f"{library} is not built")
    for line in output("nm", "-A", "-P", option, library).splitlines():
        match = re.match(r".*\[(.+)\]: (\S+) ", line)
        if match:
            yield match[1], match[2]


def undefined(library):
    """(member, symbol) of what a static library takes from outside itself."""
    defined = {name for _, name in symbols(library, "--defined-only")}
    return sorted({pair for pair in symbols(library, "-u") if pair[1] not in defined})


def planted_library(source):
    """A plant: the library of every leaf and of the core is one that was made of this source."""
    def plant(tree):
        tree.scratch = tempfile.TemporaryDirectory(prefix="vipd-tidy-")
        base = os.path.join(tree.scratch.name, "planted")
        output("gcc", "-x", "c", "-O0", "-c", "-o", f"{base}.o", "-", stdin=source)
        output("ar", "cr", f"{base}.a", f"{base}.o")
        tree.libraries = {room: f"{base}.a" for room in tree.libraries}
    return plant


@rule(plant=planted_library("#include <stdlib.h>\nvoid *f(void);\nvoid *f(void)\n{\n\treturn malloc(3);\n}\n"))
def the_core_is_pure(tree):
    """libvrrp.a calls only mem*, str*, snprintf and assert: no socket, clock, heap, log."""
    return [f"libvrrp.a({member}) calls {name}" for member, name in undefined(tree.libraries["vrrp"])
            if not PURE.match(name)]


@rule(plant=planted_library("int vrrp_mutant_is(const char *);\nint f(void);\nint f(void)\n{\n"
                            "\treturn vrrp_mutant_is(\"x\");\n}\n"))
def the_product_has_no_mutants(tree):
    """Wrong variants of the core (vrrp/mutant.h) are in the tests' library only."""
    return [f"lib{room}.a({member}) asks for {name}" for room, library in tree.libraries.items()
            for member, name in undefined(library) if "mutant" in name]


@rule(plant=planted_library("#include <time.h>\ntime_t f(void);\ntime_t f(void)\n{\n\treturn time(NULL);\n}\n"))
def leaves_neither_read_the_clock_nor_log(tree):
    """checks/ and netlink/ are told the time, and report errors to their caller."""
    return [f"lib{room}.a({member}) calls {name}" for room in ("checks", "netlink")
            for member, name in undefined(tree.libraries[room])
            if CLOCK_OR_LOG.match(name) and not CHILD.match(member)]


def planted_program(*flags):
    """A plant: programs without the hardening that the flags take away."""
    def plant(tree):
        tree.scratch = tempfile.TemporaryDirectory(prefix="vipd-tidy-")
        path = os.path.join(tree.scratch.name, "planted")
        source = "#include <stdio.h>\nint main(int c, char **v)\n{\n\tchar b[99];\n" \
                 "\tsnprintf(b, (unsigned)c * 50, \"%s\", v[0]);\n\tputs(b);\n\treturn 0;\n}\n"
        output("gcc", "-x", "c", "-O2", *flags, "-o", path, "-", stdin=source)
        tree.programs = {name: path for name in tree.programs}
    return plant


def programs_without(tree, options, pattern, what):
    """Complaints about programs in whose readelf output the pattern is not found."""
    said = []
    for name, path in sorted(tree.programs.items()):
        if not os.path.isfile(path):
            said.append(f"{name} is not built")
        elif not re.search(pattern, output("readelf", "-W", *options, path), re.M):
            said.append(f"{name}: {what}")
    return said


@rule(plant=planted_program("-no-pie"))
def programs_are_position_independent(tree):
    """PIE: an ELF file of type DYN."""
    return programs_without(tree, ["-h"], r"Type:\s+DYN", "not a position-independent executable")


@rule(plant=planted_program("-Wl,-z,norelro"))
def programs_have_relro(tree):
    """A segment that becomes read-only after relocation."""
    return programs_without(tree, ["-l"], r"^\s*GNU_RELRO", "no RELRO segment")


@rule(plant=planted_program("-Wl,-z,lazy"))
def programs_bind_now(tree):
    """All symbols are bound at start, so that RELRO covers the whole table."""
    return programs_without(tree, ["-d"], r"BIND_NOW|FLAGS_1.*\bNOW\b", "binds lazily")


@rule(plant=planted_program("-fno-stack-protector"))
def programs_have_stack_canaries(tree):
    """Functions check their frame before they return."""
    return programs_without(tree, ["--dyn-syms"], r"__stack_chk_fail", "no stack protector")


@rule(plant=planted_program("-Wl,-z,execstack"))
def programs_have_no_executable_stack(tree):
    """GNU_STACK without E."""
    return programs_without(tree, ["-l"], r"^\s*GNU_STACK(?:\s+0x\w+)+\s+RW\s", "executable stack")


@rule(plant=planted_program("-fcf-protection=none"))
def programs_have_control_flow_protection(tree):
    """Functions begin with endbr64 (x86 only). The mark in the notes is no witness: Debian's crt objects lack it."""
    if os.uname().machine != "x86_64":
        return []
    said = []
    for name, path in sorted(tree.programs.items()):
        if not os.path.isfile(path):
            said.append(f"{name} is not built")
        elif "endbr64" not in output("objdump", "-d", "--no-show-raw-insn", "--disassemble=main", path):
            said.append(f"{name}: main does not begin with endbr64")
    return said


@rule(plant=planted_program("-U_FORTIFY_SOURCE"))
def programs_are_fortified(tree):
    """Bounded calls go through their _chk twins (not in a sanitizer build, which watches them itself)."""
    said = []
    for name, path in sorted(tree.programs.items()):
        if not os.path.isfile(path):
            said.append(f"{name} is not built")
            continue
        symbols = output("readelf", "-W", "--dyn-syms", path)
        if "_chk" not in symbols.replace("__stack_chk_fail", "") and "__asan_init" not in symbols:
            said.append(f"{name}: no fortified call")
    return said


def plant_assert_off(tree):
    planted_program("-DNDEBUG")(tree)


@rule(plant=plant_assert_off)
def programs_keep_their_asserts(tree):
    """Asserts are on in every build."""
    return programs_without(tree, ["--dyn-syms"], r"__assert_fail", "no assert left: NDEBUG?")


def help_of(program):
    """What a program prints for --help, or None if it is not built."""
    if not os.path.isfile(program):
        return None
    return subprocess.run([program, "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=20, check=False).stdout

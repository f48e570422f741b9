"""Sizes, comments, macros, tests with an assert, forbidden calls, format: what can be read in the source alone."""
import ast
import re
import subprocess

from tree import COMMAND_TIMEOUT_S, ROOMS, blank_comments, functions, rule

FILE_LINES = 500  # fewer than this
FUNCTION_LINES = 70  # fewer than this
ESSAY_LINES = 20  # at most
BANNED = ("system", "popen", "gets", "strcpy", "strcat", "sprintf", "vsprintf", "atoi", "atol", "atof", "strtok", "alloca",
          "tmpnam", "mktemp", "rand", "srand", "setjmp", "longjmp")


def is_shell(path, text):
    return path.endswith(".sh") or text.startswith(("#!/bin/bash", "#!/bin/sh"))


def is_python(path, text):
    return path.endswith(".py") or text.startswith(("#!/usr/bin/python3", "#!/usr/bin/env python3"))


@rule(plant=lambda tree: tree.add("tests/netns/long.py", "x = 1\n" * FILE_LINES))
def files_are_short(tree):
    """Fewer than 500 lines a source file: C, headers, BPF, Python, shell."""
    said = []
    for path, text in sorted(tree.files.items()):
        if path.endswith((".c", ".h")) or is_shell(path, text) or is_python(path, text):
            lines = text.count("\n")
            if lines >= FILE_LINES:
                said.append(f"{path}: {lines} lines")
    return said


@rule(plant=lambda tree: tree.add("vrrp/long.c", "\nint f(void)\n{\n" + "\tg();\n" * FUNCTION_LINES + "}\n"))
def c_functions_are_short(tree):
    """Fewer than 70 lines a C function."""
    return [f"{path}:{first}: {name} has {last - first + 1} lines"
            for path, text in tree.c()
            for name, first, last, _ in functions(text)
            if last - first + 1 >= FUNCTION_LINES]


@rule(plant=lambda tree: tree.add("tests/sim/long.py", "def f():\n" + "    g()\n" * FUNCTION_LINES))
def python_functions_are_short(tree):
    """Fewer than 70 lines a Python function."""
    said = []
    for path, text in sorted(tree.files.items()):
        if not is_python(path, text):
            continue
        for node in ast.walk(ast.parse(text, path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = node.end_lineno - node.lineno + 1
                if lines >= FUNCTION_LINES:
                    said.append(f"{path}:{node.lineno}: {node.name} has {lines} lines")
    return said


@rule(plant=lambda tree: tree.add("tests/long.sh", "f() {\n" + "\tg\n" * FUNCTION_LINES + "}\n"))
def shell_functions_are_short(tree):
    """Fewer than 70 lines a shell function."""
    said = []
    for path, text in sorted(tree.files.items()):
        if is_shell(path, text):
            for match in re.finditer(r"^(\w+)\(\) \{\n.*?^\}", text, re.M | re.S):
                lines = match[0].count("\n") + 1
                if lines >= FUNCTION_LINES:
                    said.append(f"{path}: {match[1]} has {lines} lines")
    return said


@rule(plant=lambda tree: tree.files.update({"vrrp/base.h": "#ifndef X\n" + tree.files["vrrp/base.h"]}))
def headers_begin_with_an_essay(tree):
    """Each header begins with a comment of at most twenty lines: what it is for, who owns what, who may call it."""
    said = []
    for path, text in tree.c():
        if not path.endswith((".h", ".bpf.c")):
            continue
        comment = re.match(r"/\*\n((?: \*[^\n]*\n)+?) \*/\n", text)
        if comment is None:
            said.append(f"{path}: does not begin with an essay")
        elif comment[1].count("\n") > ESSAY_LINES:
            said.append(f"{path}: essay of {comment[1].count(chr(10))} lines")
        elif len(comment[1]) < 60:
            said.append(f"{path}: an essay says more than {len(comment[1])} bytes")
    return said


def macros(text):
    """(line, name, parameters, body) of each macro with parameters."""
    clean = blank_comments(text, strings=True)
    for match in re.finditer(r"^[ \t]*#[ \t]*define[ \t]+(\w+)\(([^)]*)\)((?:\\\n|[^\n])*)", clean, re.M):
        names = [name.strip() for name in match[2].split(",")]
        body = match[3].replace("\\\n", " ")
        yield clean.count("\n", 0, match.start()) + 1, match[1], [name for name in names if name.isidentifier()], body


def bare_use(parameter, body):
    """True if the parameter stands somewhere in the body where an operator beside it could tear an argument apart."""
    if '"' in body and not re.sub(r'"[^"]*"|\w+\([^()]*\)|\w+|\s', "", body):
        return False  # string literals side by side: the only thing that a parameter can be here
    for match in re.finditer(rf"(?<!\w){parameter}(?!\w)", body):
        before = body[:match.start()].rstrip()
        after = body[match.end():].lstrip()
        if before.endswith(("#", ".", "->", "struct", "enum", "union")) or after.startswith("##"):
            continue  # a name, not an expression
        begins = before[-1:] in ("(", ",", "[", "{") or (not before and "," in body)  # part of an initialiser list
        ends = after[:1] in (")", ",", "]", "}") or (not after and "," in body)
        if begins and ends:
            continue
        return True
    return False


@rule(plant=lambda tree: tree.add("vrrp/bad.h", "#define TWICE(x) (x * 2)\n"))
def macro_arguments_stand_in_parentheses(tree):
    """#define F(x) ((x) * 2), never (x * 2)."""
    return [f"{path}:{line}: {name}: {parameter} without parentheses"
            for path, text in tree.c()
            for line, name, parameters, body in macros(text)
            for parameter in parameters if bare_use(parameter, body)]


CASE = re.compile(r"cmocka_unit_test(?:_\w+)?\(\s*(\w+)")
ASSERTS = re.compile(r"\b(assert_\w+|expect_\w+|fail|fail_msg)\s*\(")


def asserting_functions(tree):
    """Names of the test functions that assert, themselves or through what they call."""
    bodies = {}
    for _, text in tree.c("tests"):
        for name, _, _, body in functions(text):
            bodies[name] = bodies.get(name, "") + body
    asserting = {name for name, body in bodies.items() if ASSERTS.search(body)}
    calls = {name: set(re.findall(r"\b(\w+)\s*\(", body)) for name, body in bodies.items()}
    grown = True
    while grown:  # ends: each round adds a name or stops
        more = {name for name, called in calls.items() if called & asserting} - asserting
        asserting |= more
        grown = bool(more)
    return asserting


def plant_test_without_assert(tree):
    tree.add("tests/unit/test_planted.c", "static void says_nothing(void **state)\n{\n\t(void)state;\n}\n\n"
             "int main(void)\n{\n\tconst struct CMUnitTest t[] = { cmocka_unit_test(says_nothing) };\n}\n")


@rule(plant=plant_test_without_assert)
def every_test_asserts(tree):
    """A cmocka test that asserts nothing can never fail, so it is none."""
    asserting = asserting_functions(tree)
    return [f"{path}: {case} asserts nothing"
            for path, text in tree.c("tests")
            for case in CASE.findall(blank_comments(text))
            if case not in asserting]


def plant_forgotten_test(tree):
    tree.add("tests/unit/test_planted.c", "static void forgotten(void **state)\n{\n\tassert_int_equal(1, 1);\n}\n")


@rule(plant=plant_forgotten_test)
def every_test_function_is_run(tree):
    """A function that takes cmocka's state is in a list of tests, or is a set-up, or is called."""
    said = []
    for path, text in tree.c("tests"):
        for name in re.findall(r"^static void (\w+)\(void \*\*\w+\)\n\{", text, re.M):
            if len(re.findall(rf"\b{name}\b", text)) < 2:
                said.append(f"{path}: {name} is never run")
    return said


@rule(plant=lambda tree: tree.add("checks/script.c", "\nvoid f(const char *s)\n{\n\tsystem(s);\n}\n"))
def no_forbidden_call(tree):
    """No shell (system, popen), nothing unbounded (strcpy, sprintf), nothing that cannot fail aloud (atoi)."""
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
    return [f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match[1]}"
            for path, text in ((path, blank_comments(text, strings=True)) for path, text in tree.c(*ROOMS))
            for match in pattern.finditer(text)]


@rule(plant=lambda tree: tree.add("vipd/new_file.c", "int vip_new;\n"))
def every_source_is_in_a_local_mk(tree):
    """A file that no local.mk names is neither built nor distributed."""
    lists = "\n".join(text for path, text in tree.files.items() if path.endswith(("local.mk", "Makefile.am")))
    words = set(re.split(r"[\s=$()]+", lists))
    return [f"{path}: in no list"
            for path, _ in tree.c()
            if path not in words and path.rsplit(".", 1)[0] not in words]


@rule(plant=lambda tree: tree.add("vrrp/badly.c", "int  f( void ){return 1;}\n"))
def sources_are_formatted(tree):
    """clang-format has nothing to say (make format)."""
    said = []
    style = "{" + ", ".join(line for line in tree.files[".clang-format"].splitlines() if ":" in line) + "}"
    for path, text in tree.c():
        done = subprocess.run(["clang-format", f"--style={style}", f"--assume-filename={path}"], input=text,
                              capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False)
        if done.returncode != 0:
            return [f"clang-format: {done.stderr.strip()[:300]}"]
        if done.stdout != text:
            pairs = zip(done.stdout.split("\n"), text.split("\n"))
            line = next((n for n, (want, have) in enumerate(pairs, 1) if want != have), 0)
            said.append(f"{path}:{line}: not as clang-format writes it")
    return said


def after_parentheses(text, start):
    """Index behind the parentheses that open at or after start."""
    depth = 0
    for index in range(text.index("(", start), len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index + 1
    return len(text)


@rule(plant=lambda tree: tree.add("vipd/log.c", "\nint f(int x)\n{\n\tif (x)\n\t\treturn 1;\n\treturn 0;\n}\n"))
def bodies_stand_in_braces(tree):
    """if, else, for and while have braces, also around one statement."""
    said = []
    for path, text in tree.c():
        clean = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m[0]),
                       blank_comments(text, strings=True), flags=re.M)
        for match in re.finditer(r"\b(if|for|while|else)\b", clean):
            end = match.end() if match[1] == "else" else after_parentheses(clean, match.end())
            follows = clean[end:end + 4000].lstrip()
            if not follows.startswith("{") and not (match[1] == "else" and re.match(r"if\b", follows)) \
                    and not (match[1] == "while" and follows.startswith(";")):
                said.append(f"{path}:{clean.count(chr(10), 0, match.start()) + 1}: {match[1]} without braces")
    return said


@rule(plant=lambda tree: tree.add("HACKING.md", "a line that ends in a blank \n"))
def no_trailing_blanks(tree):
    """No line ends in a blank or a tab, every file ends in a newline."""
    said = []
    for path, text in sorted(tree.files.items()):
        for number, line in enumerate(text.split("\n"), 1):
            if line.endswith((" ", "\t", "\r")):
                said.append(f"{path}:{number}: trailing blank")
                break
        if text and not text.endswith("\n"):
            said.append(f"{path}: no newline at the end")
    return said


# A path that exists only where somebody worked. The brackets keep the rule from finding itself.
PRIVATE = re.compile(r"(?<![\w.*$}~-])/(?:hom[e]|roo[t]|wor[k]|workspac[e]|User[s]|mn[t]|tm[p]/build-)(?:/|\b(?=[\s\"'`]|$))")


@rule(plant=lambda tree: tree.add("README.md", "see /" + "work/notes.md\n"))
def no_path_of_a_workplace(tree):
    """What is committed names no folder of one person's machine."""
    return [f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
            for path, text in sorted(tree.files.items())
            for match in PRIVATE.finditer(text)]

"""The source tree as the rules see it: every file of ours, by its path from the top, with its text.

A rule is a function from a Tree to a list of complaints; none means that the tree keeps the rule. Each rule has a
plant: a function that changes a copy of the tree so that the rule must complain. selftest.py runs all plants.
"""
import copy
import os
import re
import subprocess

ROOMS = ("vrrp", "checks", "netlink", "vipd")
# Made by the build or by tools; nothing of it is tracked.
SKIP_FOLDERS = {".git", "build", "build-aux", "autom4te.cache", "__pycache__", ".pytest_cache", ".deps", "obj",
                "corpus"}  # seeds of the fuzzer are bytes, not text
SKIP_FILES = {".git", "configure", "configure~", "aclocal.m4", "Makefile", "Makefile.in", "config.status", "config.log",
              "gate.skel.h"}
SKIP_ENDINGS = (".o", ".a", ".log", ".trs", ".pyc", ".tar.xz", ".swp")
COMMAND_TIMEOUT_S = 60

RULES = []


def rule(plant):
    """Registers a rule; its name is the function's, its sentence the first line of the docstring."""
    def register(function):
        function.plant = plant
        RULES.append(function)
        return function
    return register


def output(*command, stdin=None):
    """Standard output of a command that must succeed."""
    return subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True,
                          timeout=COMMAND_TIMEOUT_S).stdout


class Tree:
    """files: path -> text. libraries, programs: what the build made of them, by name -> path on disk."""

    def __init__(self, top, plain):
        self.files = {}
        for folder, folders, names in os.walk(top):
            folders[:] = [name for name in folders if name not in SKIP_FOLDERS]
            for name in names:
                path = os.path.join(folder, name)
                if name in SKIP_FILES or name.endswith(SKIP_ENDINGS) or not os.path.isfile(path):
                    continue
                with open(path, "rb") as content:
                    raw = content.read()
                if b"\0" not in raw:
                    self.files[os.path.relpath(path, top)] = raw.decode("utf-8", errors="replace")
        self.libraries = {room: os.path.join(plain, room, f"lib{room}.a") for room in ROOMS}
        self.programs = {name: os.path.join(plain, "vipd", name) for name in ("vipd", "vipctl")}

    def copy(self):
        return copy.deepcopy(self)

    def c(self, *folders):
        """(path, text) of the C sources and headers in these folders, all if none is named."""
        for path, text in sorted(self.files.items()):
            if path.endswith((".c", ".h")) and (not folders or path.split("/")[0] in folders):
                yield path, text

    def add(self, path, text):
        self.files[path] = self.files.get(path, "") + text


def blank_comments(text, strings=False):
    """The C text with comments (and string contents, if asked) blanked; line numbers stay."""
    def blank(match):
        part = match[0]
        if part[0] == "/":
            return re.sub(r"[^\n]", " ", part)
        return part[0] + " " * (len(part) - 2) + part[-1] if strings else part
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def functions(text):
    """(name, first line, last line, body) of each C function: in our style its braces stand alone in column 0."""
    lines = blank_comments(text, strings=True).split("\n")
    start = None
    for number, line in enumerate(lines):
        if line == "{" and number > 0:
            start = number
        elif line == "}" and start is not None:
            head = start - 1
            while head > 0 and lines[head - 1].strip() and lines[head - 1][-1:] not in ";}" \
                    and not lines[head - 1].startswith("#"):
                head -= 1
            signature = " ".join(lines[head:start])
            name = re.search(r"(\w+)\s*\((?!\()", re.sub(r"__attribute__\s*\(\(.*?\)\)", "", signature))
            if name:
                yield name[1], head + 1, number + 1, "\n".join(lines[start:number + 1])
            start = None

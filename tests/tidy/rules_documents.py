"""Documents say what the programs do: verbs, options and keys stand in the manual."""
import os
import re
import subprocess
import tempfile

from rules_binary import help_of
from tree import rule

MANUAL = ("man/vipd.8", "man/vipd.conf.5", "man/vipctl.8")


def verbs(tree):
    """The verbs that vipctl --help prints: first words of its indented lines. None if vipctl is not built."""
    said = help_of(tree.programs["vipctl"])
    if said is None:
        return None
    lines = re.findall(r"^ {2,8}([a-z][^\n]*?)(?: {2,}|$)", said, re.M)
    return {verb for line in lines for verb in re.findall(r"(?:^|, |\| )([a-z][a-z-]+)", re.sub(r"[a-z]+\|[a-z|]+", "", line))}


def plain(roff):
    """A manual page without its escapes."""
    return re.sub(r"\\-", "-", re.sub(r"\\f[BIRP]", "", roff))


def plant_fake_vipctl(tree):
    """A vipctl that knows a verb nobody documented."""
    tree.scratch = tempfile.TemporaryDirectory(prefix="vipd-tidy-")
    path = os.path.join(tree.scratch.name, "vipctl")
    with open(path, "w", encoding="utf-8") as script:
        script.write("#!/bin/sh\necho 'usage: vipctl VERB'\necho '  undocumented-verb  does things'\n")
    os.chmod(path, 0o755)
    tree.programs["vipctl"] = path


@rule(plant=plant_fake_vipctl)
def every_verb_is_in_the_manual(tree):
    """man/vipctl.8 and README.md name every verb that vipctl --help prints."""
    known = verbs(tree)
    if known is None:
        return ["vipctl is not built"]
    if not known:
        return ["vipctl --help prints no verb"]
    said = []
    for path in ("man/vipctl.8", "README.md"):
        words = set(re.findall(r"[a-z][a-z-]+", plain(tree.files[path])))
        said += [f"{path} does not name {verb}" for verb in sorted(known - words)]
    return said


def keys(tree):
    """Configuration keys, as the parser's table names them: a section's letter, then the key."""
    return set(re.findall(r'\{ (?:\w+\()?[A-Z], "([a-z_]+)"', tree.files["vipd/config_keys.c"]))


@rule(plant=lambda tree: tree.add("vipd/config_keys.c", '\t{ TIME_KEY(I, "unheard_of", NOWHERE, 0, 0, "0s") },\n'))
def every_key_is_in_the_manual(tree):
    """man/vipd.conf.5 names every configuration key that the parser knows."""
    known = keys(tree)
    words = set(re.findall(r"[a-z][a-z_]+", plain(tree.files["man/vipd.conf.5"])))
    if len(known) < 20:
        return ["the table of keys in vipd/config_keys.c could not be read"]
    return [f"man/vipd.conf.5 does not name {key}" for key in sorted(known - words)]


# Words that stand in vipd.conf(5) as a key does and are none: verbs, values, faults.
NO_KEYS = {"vipctl", "status", "none", "majority", "async", "quorum", "adaptive", "config_jump", "split_config"}


@rule(plant=lambda tree: tree.add("man/vipd.conf.5", ".It Cm unheard_of\nDoes wonders.\n"))
def every_key_in_the_manual_exists(tree):
    """What man/vipd.conf.5 sets as a key is one that the parser knows, or a section."""
    known = keys(tree) | set(re.findall(r'\{ "([a-z_]+)", (?:true|false), ', tree.files["vipd/config_keys.c"]))
    marked = re.findall(r"^\.(?:It )?Cm ([^\n]*)", plain(tree.files["man/vipd.conf.5"]), re.M)
    words = {word for line in marked for word in re.sub(r"\bQq\b.*|\b(?:Ar|Pq|Ns|Ic|Fl)\b.*", "", line).split()
             if re.fullmatch(r"[a-z][a-z_]+", word)}
    return [f"man/vipd.conf.5 names {word}, which is no key" for word in sorted(words - known - NO_KEYS)]


def plant_bad_example(tree):
    tree.files["dist/vipd.conf.example"] = "no_such_key = 1\n" + tree.files["dist/vipd.conf.example"]


@rule(plant=plant_bad_example)
def the_example_configuration_is_good(tree):
    """vipd --check takes dist/vipd.conf.example, and what README.md and vipd.conf(5) show."""
    examples = {"dist/vipd.conf.example": tree.files["dist/vipd.conf.example"]}
    for path in ("README.md", "man/vipd.conf.5"):
        shown = re.search(r'^ *vrrp_instance "orders" \{\n.*?^\s*\}\n(?=\n|\.Ed)', tree.files[path], re.M | re.S)
        examples[path] = shown[0] if shown else "no example found"
    said = []
    with tempfile.TemporaryDirectory(prefix="vipd-tidy-") as folder:
        key, configuration = os.path.join(folder, "key"), os.path.join(folder, "vipd.conf")
        with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write("0123456789abcdef" * 4 + "\n")
        for path, text in examples.items():
            with open(configuration, "w", encoding="utf-8") as file:
                file.write(text.replace("/etc/vipd/orders.key", key))
            done = subprocess.run([tree.programs["vipd"], "--check", "-f", configuration, "--node", "db1"],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20, check=False)
            if done.returncode != 0:
                said.append(f"{path}: {done.stdout.strip()}")
    return said


# A PostgreSQL that vipd starts inherits them: JIT maps what it writes executable, its socket may be in /tmp, its data
# in /home, an archive_command writes anywhere.
NOT_IN_THE_UNIT = ("MemoryDenyWriteExecute", "PrivateTmp", "PrivateUsers", "PrivateDevices", "PrivateNetwork",
                   "SystemCallFilter", "ProtectHome", "ReadOnlyPaths", "InaccessiblePaths", "TemporaryFileSystem")


@rule(plant=lambda tree: tree.add("dist/vipd.service.in", "MemoryDenyWriteExecute=yes\n"))
def the_unit_lets_postgresql_live(tree):
    """dist/vipd.service.in has no sandbox in which a PostgreSQL started by vipd would fail."""
    said = re.findall(r"^(\w+)=(\S*)", tree.files["dist/vipd.service.in"], re.M)
    return [f"dist/vipd.service.in: {name}={value} would hold for PostgreSQL, too" for name, value in said
            if name in NOT_IN_THE_UNIT or (name, value) in (("ProtectSystem", "full"), ("ProtectSystem", "strict"))]


@rule(plant=lambda tree: tree.files.pop("man/vipd.8"))
def documents_exist_and_say_something(tree):
    """README, HACKING, NEWS, LICENSE and three manual pages."""
    paths = ("README.md", "HACKING.md", "NEWS.md", "LICENSE", *MANUAL)
    return [f"{path} is missing or empty" for path in paths if len(tree.files.get(path, "")) < 200]


@rule(plant=lambda tree: tree.add("README.md", "see [here](no/such/file.md)\n"))
def links_between_documents_hold(tree):
    """A relative link in a document leads to a file of the tree."""
    said = []
    for path, text in sorted(tree.files.items()):
        if not path.endswith(".md"):
            continue
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            where = os.path.normpath(os.path.join(os.path.dirname(path), target))
            if where not in tree.files and not any(name.startswith(where + "/") for name in tree.files):
                said.append(f"{path}: links to {target}")
    return said


@rule(plant=lambda tree: tree.files.update({"NEWS.md": "# News\n\n## 99.0\n"}))
def news_begin_with_this_version(tree):
    """The first heading of NEWS.md is the version that configure.ac names."""
    version = re.search(r"AC_INIT\(\[vipd\], \[([^]]+)\]", tree.files["configure.ac"])[1]
    first = re.search(r"^## (\S+)", tree.files["NEWS.md"], re.M)
    return [] if first and first[1] == version else [f"NEWS.md begins with {first and first[1]}, not {version}"]

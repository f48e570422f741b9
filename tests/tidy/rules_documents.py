"""Documents say what the programs do: verbs, options and keys stand in the manual."""
import os
import re

from rules_binary import help_of
from tree import rule

MANUAL = ("man/vipd.8", "man/vipd.conf.5", "man/vipctl.8")


def verbs(tree):
    """The verbs that vipctl --help prints: first words of its indented lines. None if vipctl is not built."""
    said = help_of(tree.programs["vipctl"])
    if said is None:
        return None
    return set(re.findall(r"^ {2,8}([a-z][a-z-]+)\b", said, re.M))


def plain(roff):
    """A manual page without its escapes."""
    return re.sub(r"\\-", "-", re.sub(r"\\f[BIRP]", "", roff))


def plant_fake_vipctl(tree):
    """A vipctl that knows a verb nobody documented."""
    import tempfile
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


def options(tree):
    """Configuration keys, as vipd's option tables name them: CFG_STR("key", ...)."""
    return {match for path, text in tree.c("vipd") if "config" in path
            for match in re.findall(r'\bCFG_\w+\(\s*"([a-z_]+)"', text)}


@rule(plant=lambda tree: tree.add("vipd/config_planted.c", 'CFG_STR("unheard_of", 0, CFGF_NONE);\n'))
def every_key_is_in_the_manual(tree):
    """man/vipd.conf.5 names every configuration key that the parser knows."""
    words = set(re.findall(r"[a-z][a-z_]+", plain(tree.files["man/vipd.conf.5"])))
    return [f"man/vipd.conf.5 does not name {key}" for key in sorted(options(tree) - words)]


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

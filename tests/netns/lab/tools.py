"""The lab's C programs: from the build directory if make has built them there, else compiled for this session."""

import functools
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(os.path.dirname(HERE))
ROOT = os.path.dirname(TESTS)
BUILD = os.environ.get("VIPD_BUILD", "")

SOURCES = {
    "writer": (["tests/bench/writer.c"], ["-lpq"]),
    "flood": (["tests/bench/flood.c"], []),
    "watcher": (["tests/netns/watcher.c", "tests/netns/probes.c"], []),
}


@functools.lru_cache(None)
def built(name):
    """The path of a program of the build directory; None without one. Looked for once: a test run is of one build."""
    path = os.path.join(BUILD, name) if BUILD else ""
    return os.path.abspath(path) if path and os.access(path, os.X_OK) else None


def daemon():
    return built("vipd/vipd")


def vipctl():
    return built("vipd/vipctl")


def prepare(folder):
    """Compiles what make has not; returns {name: path}."""
    paths = {}
    for name, (sources, libraries) in SOURCES.items():
        made = built(os.path.splitext(sources[0])[0])
        paths[name] = made or os.path.join(folder, name)
        if not made:
            full = [os.path.join(ROOT, source) for source in sources]
            command = [os.environ.get("CC", "gcc"), "-std=gnu11", "-O2", "-Wall", "-Werror", "-o", paths[name]]
            subprocess.run(command + full + libraries, check=True, timeout=120)
    return paths

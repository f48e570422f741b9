"""Who may include whom (HACKING.md, "Rooms"), read from the #include lines."""
import re

from tree import ROOMS, rule

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
SHARED = {"vrrp/base.h", "vrrp/err.h"}


def includes(text):
    """(line, kind, path) of each #include; kind is < or a quotation mark."""
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match[1], match[2]


def strangers(tree, room, welcome):
    """Complaints about includes of ours in a room that are not welcome there."""
    said = []
    for path, text in tree.c(room):
        for line, kind, name in includes(text):
            ours = kind == '"' or name.split("/")[0] in ROOMS
            if ours and not welcome(name):
                said.append(f"{path}:{line}: includes {name}")
    return said


@rule(plant=lambda tree: tree.add("vrrp/lease.c", '#include "vipd/config.h"\n'))
def the_core_includes_nothing_of_ours_outside_itself(tree):
    """vrrp/ is pure: it knows no other room."""
    return strangers(tree, "vrrp", lambda name: name.startswith("vrrp/"))


@rule(plant=lambda tree: tree.add("checks/exec.c", '#include "vrrp/report.h"\n'))
def checks_include_only_base_err_and_their_own(tree):
    """checks/ is a leaf: of ours only vrrp/base.h, vrrp/err.h and its own headers."""
    return strangers(tree, "checks", lambda name: name in SHARED or name.startswith("checks/"))


@rule(plant=lambda tree: tree.add("netlink/nl_addr.c", '#include "checks/exec.h"\n'))
def netlink_includes_only_base_err_and_its_own(tree):
    """netlink/ is a leaf: of ours only vrrp/base.h, vrrp/err.h and its own headers."""
    return strangers(tree, "netlink", lambda name: name in SHARED or name.startswith("netlink/"))


@rule(plant=lambda tree: tree.add("netlink/nl_monitor.c", "#include <systemd/sd-event.h>\n"))
def leaves_never_see_the_loop_or_the_log(tree):
    """Leaves are driven by whoever holds their fd: no sd-event, no journal, no syslog."""
    return [f"{path}:{line}: includes <{name}>"
            for path, text in tree.c("vrrp", "checks", "netlink")
            for line, _, name in includes(text)
            if name.startswith("systemd/") or name in ("syslog.h", "sys/syslog.h")]


@rule(plant=lambda tree: tree.add("vrrp/core.c", "#include <sys/socket.h>\n"))
def the_core_sees_no_system(tree):
    """vrrp/ knows neither sockets nor clocks nor the heap: not even their headers."""
    forbidden = re.compile(r"(sys|net|netinet|linux|arpa|systemd)/|(time|unistd|stdlib|signal|pthread|fcntl)\.h$")
    return [f"{path}:{line}: includes <{name}>"
            for path, text in tree.c("vrrp")
            for line, kind, name in includes(text)
            if kind == "<" and forbidden.match(name)]


@rule(plant=lambda tree: tree.add("vipd/log.c", '#include "err.h"\n'))
def an_include_names_its_room(tree):
    """Ours are included as "room/name.h", so that the arrows can be read."""
    return [f"{path}:{line}: includes \"{name}\""
            for path, text in tree.c(*ROOMS)
            for line, kind, name in includes(text)
            if kind == '"' and name.split("/")[0] not in ROOMS]


@rule(plant=lambda tree: tree.add("vipd/log.c", '#include "tests/unit/world.h"\n'))
def the_product_never_includes_tests(tree):
    """Test code stays out of the product."""
    return [f"{path}:{line}: includes {name}"
            for path, text in tree.c(*ROOMS)
            for line, _, name in includes(text)
            if name.startswith("tests/")]

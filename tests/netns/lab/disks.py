"""File systems of their own under a host's PostgreSQL: one that can be full, frozen, or fail. Mounted before it starts."""

import os
import subprocess

from . import net, procs

IMAGE_MB = 400  # sparse
TMPFS_MB = 300


def release(folder):
    """Thaws and unmounts what is mounted below: also what a lab left behind whose owner died."""
    with open("/proc/self/mounts", encoding="utf-8") as file:
        below = [line.split()[1] for line in file]
    for path in reversed([path for path in below if path.startswith(folder + "/")]):
        subprocess.run(["fsfreeze", "-u", path], stderr=subprocess.DEVNULL, check=False)
        net.run(["umount", "-l", path], check=False)


class Disk:
    """The disk under lab.postgres[name]: its data directory, sockets and log."""

    def __init__(self, lab, name, kind):
        self.path = lab.postgres[name].folder
        self.filler = os.path.join(self.path, "filler")
        self.frozen = False
        os.makedirs(self.path, mode=0o755)
        if kind == "tmpfs":
            net.run(["mount", "-t", "tmpfs", "-o", f"size={TMPFS_MB}M,mode=755", "vipd-lab", self.path])
        else:
            image = os.path.join(lab.folder, f"{name}.img")
            net.run(["truncate", "-s", f"{IMAGE_MB}M", image])
            net.run(["mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1", image])
            net.run(["mount", "-o", "loop,errors=remount-ro", image, self.path])
        lab.faults.disks.append(self)
        lab.at_exit.append(lambda: release(lab.folder))

    def fill(self):
        """Not a byte is left. When it was full."""
        with open(self.filler, "wb", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue
        return procs.now_us()

    def make_room(self):
        os.unlink(self.filler)

    def freeze(self):
        """fsfreeze: whoever writes waits in state D, and cannot be killed."""
        net.run(["fsfreeze", "-f", self.path])
        self.frozen = True
        return procs.now_us()

    def thaw(self):
        if self.frozen:
            self.frozen = False
            net.run(["fsfreeze", "-u", self.path])

    def fail(self):
        """What ext4 does when it finds an error: read-only from now on."""
        device = os.path.basename(net.run(["findmnt", "-n", "-o", "SOURCE", self.path]).strip())
        at_us = procs.now_us()
        with open(f"/sys/fs/ext4/{device}/trigger_fs_error", "w", encoding="ascii") as file:
            file.write("made by the lab")
        return at_us

"""Clients that only keep a connection to the address, and when and how it ended for them."""

import collections
import errno
import select
import socket
import threading

from . import net, procs

PORT = 5432
WORD = b"\0\0\0\x08"  # the beginning of a start packet: the server waits for the rest
WAIT_S = 0.2

End = collections.namedtuple("End", "us error")


class Sessions:
    """count TCP connections in each family, watched by a thread from the first moment on."""

    def __init__(self, lab, count=5):
        self.lab = lab
        self.sockets = {}
        self.ends = {}
        self.done = threading.Event()
        self.poll = select.epoll()
        for address, family in ((net.FLOATING4, socket.AF_INET), (net.FLOATING6, socket.AF_INET6)):
            for _ in range(count):
                one = net.socket_in(lab.net.client.ns, family, socket.SOCK_STREAM)
                one.settimeout(5)
                one.connect((address, PORT))
                one.setblocking(False)
                self.sockets[one.fileno()] = one
                self.poll.register(one.fileno(), select.EPOLLIN)
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self):
        while not self.done.is_set() and len(self.ends) < len(self.sockets):
            for number, _ in self.poll.poll(WAIT_S):
                at_us = procs.now_us()
                try:
                    if self.sockets[number].recv(1000):
                        continue
                    error = 0  # closed in good order
                except BlockingIOError:
                    continue
                except OSError as failed:
                    error = failed.errno
                self.poll.unregister(number)
                self.ends[number] = End(at_us, error)

    def say_something(self):
        """A packet on each connection that is still open; when."""
        at_us = procs.now_us()
        for number, one in self.sockets.items():
            if number not in self.ends:
                try:
                    one.send(WORD)
                except OSError:
                    pass
        return at_us

    def wait_reset(self, since_us, deadline_s=10):
        """Waits until all have ended, by a reset; milliseconds from since_us to the last one's end."""
        procs.wait_until(
            lambda: len(self.ends) == len(self.sockets), deadline_s, "all connections have ended", self.lab.describe
        )
        self.close()
        assert {end.error for end in self.ends.values()} == {errno.ECONNRESET}, self.ends
        return (max(end.us for end in self.ends.values()) - since_us) / 1000

    def close(self):
        self.done.set()
        self.thread.join()
        for one in self.sockets.values():
            one.close()

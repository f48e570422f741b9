"""What every scenario has in common: a cluster under a client's load, watched from outside, and the same questions at
the end. A scenario tells what went wrong and who should hold the address after it.
"""

from . import daemons, logs, procs
from .writer import not_sent

CALM_ROWS = 50
BACK_DEADLINE_S = 60


class Story:
    """story = Story(lab); fault; story.taken_over(...); story.end([...])"""

    def __init__(self, lab, primary=None, **writer_options):
        self.lab = lab
        self.primary = primary or lab.data[0]
        self.capture = lab.start_capture()
        self.watcher = lab.start_watcher()
        self.watcher.wait_answer(self.primary)
        self.writer = lab.start_writer(**writer_options)
        self.writer.wait_rows(CALM_ROWS, host=self.primary)
        self.postmasters = {name: server.postmaster_pid() for name, server in lab.postgres.items()}
        self.received = 0
        self.fault_us = 0
        self.may_lose = True

    def before_fault(self):
        """Notes what the standbys have: a row among it must not be lost, whatever happens next."""
        others = [name for name in self.lab.data if name != self.primary]
        self.received = self.lab.best_received(others)
        return self

    def fault(self, act):
        """Does it at a moment that the seed chooses; remembers when."""
        self.writer.wait_rows(1, since_us=procs.now_us() + self.lab.random.randrange(250_000))
        self.before_fault()
        self.fault_us = act()
        return self.fault_us

    def fault_when_all_are_equal(self, act):
        """The same with the client held back, so that no standby is ahead of another."""
        self.writer.freeze()
        self.lab.wait_caught_up(self.primary)
        self.before_fault()
        self.fault_us = act()
        self.writer.thaw()
        return self.fault_us

    # --- what may have happened ---

    def taken_over(self, deadline_s=30):
        """Another host serves the client; its name."""
        old = self.primary
        new = self.writer.wait_failover(self.fault_us, old=old, deadline_s=deadline_s)
        self.lab.wait_holder(new)
        self.primary = new
        return new

    def nothing_happens(self, seconds):
        """For so long after the fault every row is acknowledged by the same host, without an error or a hole."""
        self.writer.wait_rows(1, since_us=self.fault_us + int(seconds * 1e6), deadline_s=seconds + 20)
        assert not self.writer.failures(self.fault_us), self.writer.failures(self.fault_us)[:5]
        rows = self.writer.rows_since(self.fault_us)
        assert {row.host for row in rows} == {self.primary}
        assert self.lab.net.has_address(self.primary)
        assert self.lab.daemons[self.primary].state() == "MASTER"

    def let_go(self, within_s, slack_s=0.1):
        """Nobody answers for the address any more from the fault + within_s on, and no row is acknowledged."""
        end_us = self.fault_us + int(within_s * 1e6)
        procs.wait_until(lambda: procs.now_us() > end_us + 500_000, within_s + 5, "the time is over")
        late = self.watcher.answers(since_us=end_us + int(slack_s * 1e6))
        assert not late, f"still answered {(late[-1].us - self.fault_us) / 1e6:.3f} s after the fault: {late[-1]}"
        assert not [row for row in self.writer.rows() if row.started_us > end_us + int(slack_s * 1e6)]

    def same_postmasters(self, *names):
        for name in names or self.lab.data:
            assert self.lab.postgres[name].postmaster_pid() == self.postmasters[name], f"{name} was restarted"

    def comes_back(self, *names, deadline_s=BACK_DEADLINE_S):
        """These are standbys of the holder again, by themselves."""
        self.lab.wait_streaming(self.primary, names, deadline_s=deadline_s)

    # --- the end ---

    def end(self, order, equal=True):
        """The questions of every scenario. order: who answered for the address, one after the other."""
        self.writer.stop()
        self._no_received_row_is_lost()
        if equal:
            self.lab.wait_equal()
        self.watcher.assert_order(order)
        self.capture.assert_good(daemons.VRID)
        self._adverts_only_by(order)
        self._who_took_over_announced_it(order)
        promotions = logs.assert_promotions_under_lease(self.lab.daemons.values())
        outage = self.writer.outage(self.fault_us)
        print(f"outage {outage.ms:.0f} ms (first commit after {outage.first_commit_ms or 0:.0f} ms, {outage.failures} "
              f"failed attempts), {promotions} promotions, seed {self.lab.session.seed}")  # fmt: skip
        return outage

    def _no_received_row_is_lost(self):
        lost = self.writer.lost(self.lab.postgres[self.primary])
        excused, guilty = not_sent(lost, self.received)
        assert not guilty, f"rows lost that a standby had received: {guilty[:5]}"
        assert self.may_lose or not excused, f"rows lost: {excused[:5]}"
        print(f"{len(self.writer.rows())} rows acknowledged, {len(excused)} lost that had not been sent")

    def _who_took_over_announced_it(self, order):
        """Gratuitous ARP and an unsolicited NA; the watcher's own questions may have corrected the client's tables."""
        told = {(one.kind, one.host) for one in self.watcher.read()[1]}
        for host in order[1:]:
            assert {("garp", host), ("una", host)} <= told, f"{host} took over and announced {sorted(told)}"

    def _adverts_only_by(self, order):
        senders = {advert["ip.src"] for advert in self.capture.adverts() if advert["ip.src"]}
        senders = {self.lab.net.host_of_address(address) for address in senders}
        assert senders <= set(order), f"advertisements by {senders}, addresses held by {order}"

"""The holder's daemon is kept from running, again and again, and an outsider records who serves the address when."""

import time

from . import procs, sessions, stops, timeline

LEASES_STOPPED = 10
KILLED_SHARE = 0.3  # of the daemons that are stopped: killed where they stand, instead of running again
WATCH_US = 2000
MOMENT_US = 250_000
TAKEN_OVER_DEADLINE_S = 30
BACK_DEADLINE_S = 60
STOP_DEADLINE_S = 5


class Rounds:
    """found: one dictionary a round, times in milliseconds after the daemon certainly did not run any more."""

    def __init__(self, lab, lease_ms):
        self.lab = lab
        self.lease_ms = lease_ms
        self.watcher = lab.start_watcher(interval_us=WATCH_US)
        self.watcher.wait_answer(lab.data[0])
        self.writer = lab.start_writer()
        self.writer.wait_rows(20)
        self.stops = {kind: way(lab) for kind, way in stops.ALL.items()}
        self.found = []

    def once(self, kind):
        """For ten leases; then it runs again, or is killed where it stands. Waits until the old holder streams again."""
        lab, old = self.lab, self.lab.wait_holder()
        daemon, stop = lab.daemons[old], self.stops[kind]
        killed = kind != "killed" and lab.random.random() < KILLED_SHARE
        clients = sessions.Sessions(lab)
        postmaster = lab.postgres[old].postmaster_pid()
        time.sleep(lab.random.randrange(MOMENT_US) / 1e6)  # the random moment itself
        stopped_us = stop.begin(daemon)
        first = self._next_answer(old, stopped_us)
        reset_ms = clients.wait_reset(clients.say_something())
        end_us = stopped_us + LEASES_STOPPED * self.lease_ms * 1000
        procs.wait_until(lambda: procs.now_us() > end_us, TAKEN_OVER_DEADLINE_S, "ten leases are over")
        runs_us = stop.end_by_death() if killed else stop.end()
        if kind == "frozen":
            stop.leave()
        if killed:
            daemon.start()
        procs.wait_until(
            lambda: not procs.alive(postmaster), STOP_DEADLINE_S, "the old primary is stopped", lab.describe, 0.001
        )
        demoted_ms = (procs.now_us() - runs_us) / 1000
        lab.wait_streaming(lab.wait_holder(first.host), [old], deadline_s=BACK_DEADLINE_S)
        lab.wait_grants()
        thawed = kind != "killed" and not killed
        assert not thawed or daemon.status()["stalls"] > 0, f"{old} did not notice that it was {kind}"
        one = {
            "kind": kind, "old": old, "new": first.host, "killed": killed, "answered": (first.us - stopped_us) / 1000,
            "dark": (self._last_answer_us(daemon, stopped_us) - stopped_us) / 1000, "reset": reset_ms,
            "demoted": demoted_ms if thawed else None,
        }  # fmt: skip
        self.found.append(one)
        print(f"{old} {kind}{', then killed' if killed else ''}: dark after {one['dark']:.1f} ms of lease {self.lease_ms}, "
              f"{first.host} answers after {one['answered']:.1f} ms; clients reset {reset_ms:.1f} ms after their next "
              f"packet; PostgreSQL gone {demoted_ms:.1f} ms after it {'was dead' if killed else 'ran again'}")  # fmt: skip
        return one

    def _next_answer(self, old, stopped_us):
        """Another host's first answer after the old one was stopped."""

        def answered():
            others = [answer for answer in self.watcher.answers(stopped_us) if answer.host != old]
            return others[0] if others else None

        return procs.wait_until(answered, TAKEN_OVER_DEADLINE_S, f"another host than {old} answers", self.lab.describe)

    def _last_answer_us(self, daemon, stopped_us):
        """Of the stopped host, before it was holder again."""
        again = timeline.first(daemon.events(), stopped_us, timeline.entered("MASTER"))
        answers = self.watcher.answers(host=daemon.host.name)
        return max(answer.us for answer in answers if not again or answer.us < again.us)

    def print_worst(self):
        for kind in stops.ALL:
            mine = [one for one in self.found if one["kind"] == kind]
            stopped = [one["demoted"] for one in mine if one["demoted"] is not None]
            if mine:
                print(f"lease {self.lease_ms} ms, {kind} {len(mine)} times: dark at most "
                      f"{max(one['dark'] for one in mine):.1f} ms after it, clients reset within "
                      f"{max(one['reset'] for one in mine):.1f} ms, PostgreSQL stopped within {max(stopped, default=0):.1f} "
                      f"ms of running again")  # fmt: skip

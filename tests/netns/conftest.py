"""One session for all tests: the template cluster is built once. SIGTERM ends a run as Ctrl-C does."""

import os
import signal
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lab import Lab, Session, tools  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "quick: part of `check --quick`, all of which takes under three minutes")
    config.addinivalue_line("markers", "daemon: needs vipd and vipctl from VIPD_BUILD")


def _interrupt(_number, _frame):
    raise KeyboardInterrupt


@pytest.fixture(scope="session")
def session():
    if os.geteuid() != 0:
        pytest.fail("the lab needs root: network namespaces, and PostgreSQL run as postgres")
    previous = signal.signal(signal.SIGTERM, _interrupt)
    with Session() as one:
        yield one
    signal.signal(signal.SIGTERM, previous)


class LabMaker:
    """make_lab(data=3, witnesses=0, ...): a lab that ends with the test, and explains itself if the test fails."""

    def __init__(self, session):
        self.session = session
        self.labs = []

    def __call__(self, **options):
        self.labs.append(Lab(self.session, **options).__enter__())
        return self.labs[-1]

    def close(self):
        while self.labs:
            self.labs.pop().close()


@pytest.fixture
def make_lab(session):
    maker = LabMaker(session)
    try:
        yield maker
    finally:
        maker.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    outcome = yield
    maker = item.funcargs.get("make_lab")
    if outcome.excinfo and maker is not None:
        for lab in maker.labs:
            lab.explain(outcome.excinfo[1])


@pytest.fixture(autouse=True)
def _daemon_is_built(request):
    """A test of the daemon without a daemon fails; it is not skipped."""
    if request.node.get_closest_marker("daemon") and not (tools.daemon() and tools.vipctl()):
        pytest.fail("VIPD_BUILD does not name a build directory with vipd/vipd and vipd/vipctl")

"""The integration lab: hosts out of network namespaces, real PostgreSQL, real daemons, a client and a watcher."""

from .core import Lab, Session
from .procs import LabTimeout, now_us, wait_until
from .watcher import TwoAnswerers

__all__ = ["Lab", "LabTimeout", "Session", "TwoAnswerers", "now_us", "wait_until"]

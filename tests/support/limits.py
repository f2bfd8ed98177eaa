"""Time limits: an answer that does not come is a failure that names what was asked."""

import signal
from contextlib import contextmanager


class _Late(BaseException):
    """Not an ``Exception``, so that nobody catches it on the way."""


@contextmanager
def time_limit(seconds, what):
    """Fail with the name of what takes longer, where the platform has alarms."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(*_):
        raise _Late

    before = signal.signal(signal.SIGALRM, ring)
    # Again and again: an alarm that rings within a callback of the interpreter is lost.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    except _Late:
        raise AssertionError(f"no answer in {seconds} s: {what}") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

"""Time limits: an answer that does not come is a failure that names what was asked."""

import signal
from contextlib import contextmanager


class _Late(BaseException):
    """Not an ``Exception``, so that nobody catches it on the way."""


@contextmanager
def time_limit(seconds, what):
    """Fail with the name of what takes longer, where the platform has such alarms.

    The time is the processor's, so that a busy machine is not taken for a hang.
    """
    if not hasattr(signal, "SIGPROF"):
        yield
        return

    def ring(*_):
        raise _Late

    before = signal.signal(signal.SIGPROF, ring)
    # Again and again: an alarm that rings within a callback of the interpreter is lost.
    signal.setitimer(signal.ITIMER_PROF, seconds, 1)
    try:
        yield
    except _Late:
        raise AssertionError(f"no answer in {seconds} s: {what}") from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)

"""Time limits: an answer that does not come is a failure that names what was asked."""

import signal
from contextlib import contextmanager


class _Late(BaseException):
    """Not an ``Exception``, so that nobody catches it on the way."""


@contextmanager
def time_limit(seconds, what, of_cpu=False):
    """Fail with the name of what takes longer, where the platform has alarms.

    Of the time that passes, or of what the process itself uses, on a busy machine.
    """
    if not hasattr(signal, "SIGALRM"):
        yield
        return
    alarm, timer = (
        (signal.SIGPROF, signal.ITIMER_PROF) if of_cpu else (signal.SIGALRM, signal.ITIMER_REAL)
    )

    def ring(*_):
        raise _Late

    before = signal.signal(alarm, ring)
    # Again and again: an alarm that rings within a callback of the interpreter is lost.
    signal.setitimer(timer, seconds, 1)
    try:
        yield
    except _Late:
        raise AssertionError(f"no answer in {seconds} s: {what}") from None
    finally:
        signal.setitimer(timer, 0)
        signal.signal(alarm, before)

"""A process that is asked to end does so as with Ctrl-C: checkpoint, locks and temporary files are seen to first."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from genbench.signals import ending

INTERRUPTED = 130


@contextmanager
def ended_like_ctrl_c() -> Iterator[list[int]]:
    """Each of these signals raises KeyboardInterrupt; the list holds the ones that came. What is ignored, as SIGHUP
    under nohup, stays ignored."""
    came: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        came.append(number)
        raise KeyboardInterrupt

    here = threading.current_thread() is threading.main_thread()
    previous = {number: signal.getsignal(number) for number in (ending() if here else [])}
    for number in previous:
        signal.signal(number, interrupt)
    try:
        yield came
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def exit_code(came: list[int]) -> int:
    """The exit code of what was interrupted: 130 after Ctrl-C, as usual 128 and the number after another signal."""
    return 128 + came[0] if came else INTERRUPTED

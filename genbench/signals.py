"""The signals that ask a process to end, beside Ctrl-C."""

import signal

NAMES = ("SIGTERM", "SIGHUP", "SIGBREAK")  # of a scheduler, of a terminal that closes, of Ctrl-Break on Windows


def ending() -> list[int]:
    """Those that this system has and this process does not ignore, as it ignores SIGHUP under nohup."""
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    return [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]

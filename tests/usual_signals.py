"""For processes that tests start and signal: what a shell in the background ignores, its children would ignore too."""

import signal


def usual_signals() -> None:
    """To be run in the child, as `preexec_fn`."""
    for name in ("SIGINT", "SIGHUP", "SIGTERM"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)

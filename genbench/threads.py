"""How many threads this process is meant to use."""

import os


def asked_threads() -> int:
    """What OMP_NUM_THREADS says, as cluster tools set it for each of their processes; 0 where it says nothing."""
    said = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return int(said) if said.isdecimal() else 0


def usable_cores() -> int:
    """The cores that this process may use, which are fewer than the machine has where a cluster has shared it out."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

"""Which of the processes of torchrun this is."""

import os


def processes() -> int:
    """How many processes torchrun has started; 1 without it."""
    size = os.environ.get("WORLD_SIZE", "")
    return int(size) if size.isdecimal() and "RANK" in os.environ else 1


def is_follower() -> bool:
    """Whether another process trains, measures and writes, and this one only takes part in its steps."""
    return processes() > 1 and os.environ["RANK"] != "0"


def launcher() -> tuple[str, ...]:
    """The words in front of `bench` that start as many processes again; none without torchrun. On several machines,
    what says where they meet is to be added."""
    here, everywhere = os.environ.get("LOCAL_WORLD_SIZE", "1"), processes()
    machines = ("--nnodes", os.environ.get("GROUP_WORLD_SIZE", "")) if here != str(everywhere) else ()
    return ("torchrun", *machines, "--nproc-per-node", here, "-m") if everywhere > 1 else ()

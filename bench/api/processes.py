"""Which of the processes of torchrun this is."""

import os


def processes() -> int:
    """How many processes torchrun has started; 1 without it."""
    size = os.environ.get("WORLD_SIZE", "")
    return int(size) if size.isdecimal() and "RANK" in os.environ else 1


def is_follower() -> bool:
    """Whether another process trains, measures and writes, and this one only takes part in its steps."""
    return processes() > 1 and os.environ["RANK"] != "0"

"""Several seeds of one job: which ones, and what is left to do of each."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.runs.jobs import RUN, How, Job, check_places, check_same
from metrics.errors import InputError
from metrics.options import MOST_SEED, shown, whole_number
from reference_models.errors import ModelError

FAILURES = (InputError, ModelError, OSError, MemoryError, RuntimeError)  # of a training: RuntimeError is torch's
MOST_SEEDS = 1000
PART = re.compile(r"(\d{1,19})(?:-(\d{1,19}))?")
EXPECTED = "expected a range such as 0-4 or a list such as 0,3,7"


def seed_list(given: str | Sequence[int]) -> tuple[int, ...]:
    """The seeds that `0-4`, `0,3,7`, `0-2,9` or a sequence of whole numbers names, sorted.

    InputError for an empty or malformed list, one that names a seed twice, and a single number, which may be meant as
    a count.
    """
    seeds = _of_text(given) if isinstance(given, str) else _of_sequence(given)
    if len(seeds) > MOST_SEEDS:
        raise InputError(f"--seeds {shown(given)} are too many; expected at most {MOST_SEEDS:,} seeds")
    twice = sorted({seed for seed in seeds if seeds.count(seed) > 1})
    if twice:
        raise InputError(f"--seeds {shown(given)} names seed {twice[0]} twice; name each seed once")
    return tuple(sorted(seeds))


def _of_text(given: str) -> list[int]:
    if not given.strip():
        raise InputError(f"--seeds is empty; {EXPECTED}")
    seeds: list[int] = []
    for part in given.replace(" ", "").split(","):
        found = PART.fullmatch(part)
        if not found:
            raise InputError(f"--seeds {shown(given)} cannot be read at {shown(part)}; {EXPECTED}")
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first or last > MOST_SEED:
            raise InputError(f"--seeds {shown(given)} has the range {part}; {EXPECTED}, up to {MOST_SEED}")
        seeds += range(first, min(last, first + MOST_SEEDS) + 1)  # enough to see that they are too many
    if len(seeds) == 1:
        raise InputError(
            f"--seeds {given} is one seed. For this seed give --seed {seeds[0]}, for {max(seeds[0], 2)} seeds "
            f"--seeds 0-{max(seeds[0], 2) - 1}"
        )
    return seeds


def _of_sequence(given: Any) -> list[int]:
    if not isinstance(given, Iterable):
        raise InputError(f"seeds is {shown(given)}; expected a text such as '0-4' or a list such as [0, 3, 7]")
    seeds = [whole_number(one, "a seed", 0, MOST_SEED) for one in given]
    if not seeds:
        raise InputError("seeds is empty; expected a text such as '0-4' or a list such as [0, 3, 7]")
    return seeds


def left_to_do(job: Job, how: How, record: Path) -> How | None:
    """How a seed is trained: from its checkpoint, where its run has begun; None where its record is there already.

    InputError as `check_places`, also where the record is of another budget and neither `resume` nor `force` is given.
    """
    if record.exists() and not how.force and (_same(job, how, record) if how.resume else check_same(job, how, record)):
        return None
    way = replace(how, resume=not how.force and (job.folder / RUN).is_file())
    check_places(job, way, record)
    return way


def _same(job: Job, how: How, record: Path) -> bool:
    try:
        return check_same(job, how, record)
    except InputError:  # of another budget: `resume` goes on to this one, as that of a single run does
        return False


def blocked_or_done(job: Job, how: How, record: Path) -> str:
    """What a plan says of a seed that would not be trained: that it is there, or what stands in the way; else ""."""
    try:
        return "" if left_to_do(job, how, record) else "nothing to do: its record is there"
    except (InputError, ModelError) as error:
        return str(error)

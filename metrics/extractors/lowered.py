"""An extractor in bfloat16: the same network, faster where the processor multiplies such numbers, with errors of 1e-3.

It is an extractor of its own, with another name, of a family of its own. So its features have other names in the cache,
its protocols other ids, and its numbers stand in no table beside those in float32.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from metrics.errors import InputError
from metrics.extractors.types import Extract, Extractor


def lowered(exact: Extractor, suffix: str) -> Extractor:
    """The extractor in bfloat16, whose name ends in `suffix`; it knows the `exact` one.

    Its `build` raises InputError where the processor has no such numbers, and where torch runs no network of it.
    """
    return replace(
        exact,
        name=exact.name + suffix,
        title=f"{exact.title}, in bfloat16",
        family=exact.family + suffix,
        build=partial(_build, exact),
        open=exact.open and partial(_opened, exact.open, suffix),
        exact=exact,
    )


def _opened(opened: Callable[[], Extractor], suffix: str) -> Extractor:
    return lowered(opened(), suffix)


def _build(exact: Extractor, weights: Path | None, resize: str, device: str, taps: tuple[str, ...]) -> Extract:
    from metrics.extractors._engine import in_bfloat16

    with in_bfloat16(device) as run:
        extract = exact.build(weights, resize, device, taps)
    if not run:
        raise InputError(f"extractor {exact.name!r} has no network that torch runs, so there is no bfloat16 of it")
    return extract

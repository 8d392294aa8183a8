"""Optional packages that an extractor runs: whether they are there, told before anything is downloaded or opened."""

import re

from metrics.errors import InputError
from metrics.extractors.types import Needed


def require(needed: Needed | None, extractor: str) -> None:
    """InputError, with the command that helps, where a package is not installed or too old."""
    if needed is None:
        return
    from importlib import metadata  # 13 ms, which an extractor without such packages does not wait for

    remedy = f'get it with: pip install "genbench[{needed.extra}]"'
    try:
        found = metadata.version(needed.distribution)
    except metadata.PackageNotFoundError:
        raise InputError(
            f"extractor {extractor!r} runs the package {needed.distribution}, which is not installed; {remedy}"
        ) from None
    if _numbers(found) < _numbers(needed.at_least):
        raise InputError(
            f"extractor {extractor!r} needs {needed.distribution} {needed.at_least} or newer, found {found}; {remedy}"
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:2]))

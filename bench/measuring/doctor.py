"""`bench doctor`: sets of images are looked at, one by one and in pairs, and all that is wrong with them is told.

Every image is decoded once; every finding is reported, none ends the search. What can be found is in
`bench.measuring.findings`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from bench.measuring.findings import GRAVITY, Finding, differences, judge, shared_images, size_counts, too_few
from bench.options import Progress
from bench.settings.shared import WORKERS
from bench.sources.survey import Survey, survey


@dataclass(frozen=True)
class SetSummary:
    """What a set consists of: readable images, and how many there are of each size (WxH), stored mode and format."""

    name: str
    kind: str
    count: int
    corrupt: int
    sizes: dict[str, int]
    modes: dict[str, int]
    formats: dict[str, int]


@dataclass(frozen=True)
class Diagnosis:
    """All sets, and all findings with the gravest first."""

    sets: tuple[SetSummary, ...]
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON: `sets` and `findings`."""
        return {"sets": [asdict(item) for item in self.sets], "findings": [asdict(item) for item in self.findings]}


def examine(
    paths: Sequence[Any],
    *,
    dims: int = 2048,
    workers: int = WORKERS,
    data_root: Path | None = None,
    progress: Progress | None = None,
) -> Diagnosis:
    """Look at every image of every set (all that `open_source` takes) and tell all that is wrong.

    `dims` is the width of the planned features (n <= dims is a finding); `progress(set, done, total)` is called now and
    then. A set that cannot be opened at all is a finding of level error, never an exception.
    """
    sets = _told_apart([survey(path, workers, data_root, progress) for path in paths])
    findings: list[Finding] = []
    for item in sets:
        findings += [*judge(item), *too_few(item, dims)]
    for one, other in combinations([item for item in sets if item.images], 2):
        findings += shared_images(one, other)
        findings += differences(one, other)
    findings.sort(key=lambda finding: GRAVITY[finding.level])
    return Diagnosis(tuple(map(_summary, sets)), tuple(findings))


def _told_apart(sets: list[Survey]) -> list[Survey]:
    """The same name twice (a/test, b/test) gets a number."""
    names = Counter(item.name for item in sets)
    numbers: dict[str, Iterator[int]] = {name: iter(range(1, n + 1)) for name, n in names.items()}
    return [replace(s, name=f"{s.name} ({next(numbers[s.name])})") if names[s.name] > 1 else s for s in sets]


def _summary(item: Survey) -> SetSummary:
    headers = [image.header for image in item.images if image.header]
    return SetSummary(
        name=item.name,
        kind=item.kind,
        count=len(item.images),
        corrupt=len(item.corrupt),
        sizes=size_counts(item),
        modes=dict(Counter(header.mode for header in headers).most_common()),
        formats=dict(Counter(header.format for header in headers).most_common()),
    )

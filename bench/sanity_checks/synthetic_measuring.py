"""The checks on synthetic data measured: every criterion on every number of a metric of two sets."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bench.measuring.scoring import Options, compute
from bench.sanity_checks.criteria import OTHER, Criterion, best_where_equal
from bench.sanity_checks.synthetic import Scenario, Synthetic
from metrics.types import Metric, Output

N, REPEATS = 1000, 3  # the paper has 10 repeats


@dataclass(frozen=True)
class Judged:
    """One criterion of one check on one number: passed or not; None where it does not ask anything of it."""

    check: str
    scenario: str
    criterion: Criterion
    metric: Metric
    output: Output
    passed: bool | None


def judge(check: Synthetic, metric: Metric, outputs: tuple[Output, ...], n: int, seed: int) -> Iterator[Judged]:
    """Each criterion of a check on each of these numbers of a metric of two sets of features."""
    for scenario, x in check.places.items():
        found = [
            [_measured(check, scenario, place, metric, n, (seed, repeat)) for repeat in range(REPEATS)] for place in x
        ]
        for output in outputs:
            values = np.array([[one[output.name] for one in row] for row in found], float)
            for criterion in _asked(check, scenario, output):
                kind = output.looks_at if by_paper(output) else OTHER
                ask = criterion.asks.get(kind)
                turned = -values if kind == OTHER and output.better == "higher" else values
                passed = ask(np.array(x), turned) if ask else None
                yield Judged(check.name, scenario.name, criterion, metric, output, passed)


def by_paper(output: Output) -> bool:
    """Whether the criteria of the paper are about this number."""
    return output.looks_at in ("fidelity", "variety")


def _asked(check: Synthetic, scenario: Scenario, output: Output) -> tuple[Criterion, ...]:
    if by_paper(output):
        return check.criteria[scenario.word]
    if check.equal is None:
        return ()
    return (Criterion("best where equal", "ours", {OTHER: best_where_equal(check.equal)}),)


def _measured(
    check: Synthetic, scenario: Scenario, place: float, metric: Metric, n: int, seeds: tuple[int, int]
) -> Mapping[str, float]:
    """The real points are the same at every place of x, where their distribution is."""
    number = [*seeds, zlib.crc32(f"{check.name} {scenario.name}".encode())]
    at = zlib.crc32(f"{place:.6g}".encode())
    real = check.real(scenario, place, n, np.random.RandomState(number))
    generated = check.generated(scenario, place, n, np.random.RandomState([*number, at]))
    return compute(metric, real, generated, options=Options(seeds[0]))

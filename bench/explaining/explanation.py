"""Why a FID is what it is: `bench explain`.

What it is made of, in the directions that hold most of it; what is left when the sets are made alike in size,
brightness, colour, sharpness and JPEG quality; which classes or clusters are missing or too many; the images that move
it most; what `bench doctor` found; and the tools that print FIDs which somebody was given.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.explaining import _groups as groups
from bench.explaining._equalising import Effect, Member, common_size, effects
from bench.explaining._given import about_given, given_table
from bench.explaining._groups import Grouping
from bench.explaining._images import Place, pictures
from bench.explaining._looks import looks_of
from bench.explaining._tables import directions_table, effects_table, groups_table, moving_table
from bench.explaining._words import Evidence, about_noise, about_terms, are_dependent, main_cause, percent
from bench.exploring import Explored
from bench.measuring.comparing import Comparison
from bench.measuring.doctor import Diagnosis
from bench.measuring.findings import Finding
from bench.measuring.sets import MeasuredSet, about_files
from metrics.arithmetic.frechet import Frechet, influence, leading_directions
from metrics.fid import METRIC as FID

FILE = "explain.json"
DIRECTIONS = 8
MOVING = 24  # images that move the FID most


def explain(
    opened: Comparison,
    diagnosis: Diagnosis,
    conventions: Sequence[Mapping[str, Any]],
    *,
    given: Sequence[float],
    names: Sequence[str],
    clusters: int,
    seed: int,
    workers: int,
) -> Explored:
    """Everything that is said of one FID. `names` are those of the classes, () where clusters are wanted; `conventions`
    the FIDs of other tools, where FIDs were `given`."""
    measuring, sets = opened.measuring, opened.of(FID)
    assert measuring is not None, "images are measured"
    scores, warnings = opened.scores()
    members = _members(sets, workers)
    a, b = members
    distance = Frechet(*(scores[key] for key in ("fid", "mean_term", "covariance_term")))
    dependent = are_dependent(scores)
    floor = 0.0 if dependent else max(distance.fid - scores["fid_corrected"], 0.0)
    if names:
        grouping = groups.by_class(sets[0].features("logits"), sets[1].features("logits"), names)
    else:
        grouping = groups.by_cluster(a.features, b.features, clusters, seed)
    found = Evidence(
        scores,
        distance,
        floor,
        tuple(effects(a, b, measuring, dependent)),
        _shown(grouping, members, distance.fid, seed),
        grouping,
        leading_directions(a.features, b.features, DIRECTIONS),
        tuple(float(one.features.var(axis=0, dtype=np.float64, ddof=1).sum()) for one in members),  # type: ignore[arg-type]
        diagnosis,
    )
    moves = _moving(members)
    said_by_doctor = {line for one in sets for line in about_files(one.images)}
    said = [main_cause(found), about_terms(found), about_noise(found), *about_given(given, conventions)]
    about = {
        "said": said, **scores, "floor": found.floor, "given": list(given), "conventions": list(conventions),
        "overlap": grouping.overlap, "findings": [_finding(one) for one in diagnosis.findings],
    }  # fmt: skip
    tables = (
        *([given_table(given, conventions)] if given else []),
        effects_table(found),
        directions_table(found),
        groups_table(grouping),
        moving_table(moves[:MOVING], sets),
    )
    notes = tuple(line for line in dict.fromkeys(warnings) if line not in said_by_doctor)
    return Explored("explain", about, tables, pictures(found, members, moves, said[0]), notes, FILE)


def _members(sets: Sequence[MeasuredSet], workers: int) -> tuple[Member, Member]:
    first = [looks_of(one.images, workers) for one in sets]
    size = common_size(*first)
    looks = first if size is None else [looks_of(one.images, workers, size) for one in sets]
    a, b = (Member(one.images, one.features(), look) for one, look in zip(sets, looks, strict=True))
    return a, b


def _shown(grouping: Grouping, members: tuple[Member, Member], fid: float, seed: int) -> Effect:
    """What equal shares of all groups do, as an effect on the whole distance."""
    a, b = (one.features for one in members)
    name = f"shares of each {grouping.kind}"
    if not any(one.differs for one in grouping.groups):
        return Effect(name, "no difference beyond chance", fid)
    told = f"{percent(grouping.overlap)} in common"
    evened = groups.evened(grouping, a, b, seed)
    if evened is None:
        return Effect(name, f"{told}, too little to make the shares equal", fid, instead="cannot be made equal")
    return Effect(name, told, evened.before, evened.after)


def _moving(members: tuple[Member, Member]) -> list[tuple[Place, float]]:
    """All images by how much each raises the FID, those that move it most first."""
    moves = influence(members[0].features, members[1].features)
    rows = [((which, row), float(value)) for which, values in enumerate(moves) for row, value in enumerate(values)]
    return sorted(rows, key=lambda one: -abs(one[1]))


def _finding(one: Finding) -> dict[str, Any]:
    return {"level": one.level, "code": one.code, "sets": list(one.sets), "what": one.what, "count": one.count}

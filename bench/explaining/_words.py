"""What an explanation says first: the main cause in one or two sentences, for people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.explaining._equalising import Effect
from bench.explaining._groups import Grouping
from bench.measuring.doctor import Diagnosis
from bench.tables.scores import figure
from metrics.arithmetic.frechet import Directions, Frechet

MOST, SOME = 0.5, 0.2  # of the distance: what takes away so much is the cause, or a part of it
IN_COMMON = 0.5  # of the images: below it the sets show different things
NAMED = 3  # groups in a sentence
MANY_COPIES = 0.05  # of a set
NARROW, WIDER = 0.8, 1.25  # of the variance of A
COPIES = ("byte-duplicates", "pixel-duplicates")
ROUNDING = 1e-9  # of the variances: so near 0 is a distance of equal features


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that was found of one FID; `floor` is what two sets of one distribution would have at these counts, `shown`
    the effect of equal shares of all groups."""

    scores: Mapping[str, Any]
    distance: Frechet
    floor: float
    effects: tuple[Effect, ...]
    shown: Effect
    grouping: Grouping
    directions: Directions
    variances: tuple[float, float]
    diagnosis: Diagnosis

    @property
    def every_effect(self) -> tuple[Effect, ...]:
        """Those of the looks and that of what is shown."""
        return (*self.effects, self.shown)

    @property
    def is_chance(self) -> bool:
        """Whether no difference was found at all."""
        low = self.scores["fid_low"]
        return low is not None and low <= 0


def are_dependent(scores: Mapping[str, Any]) -> bool:
    """Whether the sets depend on each other, pairs among them: what chance alone gives is then not known."""
    return scores["fid_corrected"] is None or "fid_pairs" in scores


def main_cause(found: Evidence) -> str:
    """The cause, in one sentence."""
    return next(_causes(found))


def _causes(found: Evidence) -> Iterator[str]:
    # Dark or blurred images are read as other classes too, so what they look like comes first.
    if found.distance.fid <= ROUNDING * sum(found.variances):
        yield "The FID is 0: the features of both sets have one mean and one covariance. There is nothing to explain."
    floor = found.floor
    sure = [one for one in found.effects if one.is_sure(floor)]
    sure.sort(key=lambda one: -one.removed(floor))
    if found.is_chance:
        yield from _unseen(found, sure)
    if sure and sure[0].removed(floor) >= MOST:
        yield _of_looks("Most", sure[0], floor)
    yield from _copies(found)
    yield from _shown(found)
    if sure and sure[0].removed(floor) >= SOME:
        yield _of_looks("A part", sure[0], floor)
    yield from _variety(found)
    share = found.directions.total[0] / found.distance.fid if found.distance.fid else 0.0
    yield (
        "Nothing that was tried explains it: neither size, brightness, colour, sharpness, JPEG nor the shares of "
        f"what is shown. Look at the images: the first direction alone holds {percent(share)} of it."
    )


def _unseen(found: Evidence, sure: Sequence[Effect]) -> Iterator[str]:
    """Of a FID whose interval contains 0: what differs all the same."""
    none = "The FID finds no difference, since the interval of its corrected value contains 0"
    differing = [one for one in found.grouping.groups if one.differs]
    if differing:
        yield f"{none}; but the sets do not show the same: {_named(found.grouping, differing)}."
    if sure:
        yield f"{none}; but the sets differ in {sure[0].name}: {sure[0].told}."
    yield f"{none}, and no other difference was found. What follows is chance."


def _of_looks(how_much: str, one: Effect, floor: float) -> str:
    found = one.interval(floor)
    ends = f" [{percent(found[0])}, {percent(found[1])}]" if found else ""
    return (
        f"{how_much} of the distance comes from {one.name}: {one.told}. Made equal, {percent(one.removed(floor))} of "
        f"it goes away{ends}."
    )


def _copies(found: Evidence) -> Iterator[str]:
    named = dict(zip((one.name for one in found.diagnosis.sets), "AB", strict=False))
    for finding in found.diagnosis.findings:
        (name,) = finding.sets[:1]
        count = next(one.count for one in found.diagnosis.sets if one.name == name)
        if finding.code in COPIES and finding.count > MANY_COPIES * count:
            yield f"{named[name]} repeats its images: {finding.what}."


def _shown(found: Evidence) -> Iterator[str]:
    grouping, effect = found.grouping, found.shown
    differing = [one for one in grouping.groups if one.differs]
    if not differing:
        return
    named, removed = _named(grouping, differing), effect.removed(found.floor)
    gone = f" With equal shares of each {grouping.kind}, {percent(removed)} of it goes away." if effect.after else ""
    if grouping.overlap < IN_COMMON and removed < MOST:
        # The extractor may misread images that look odd, so it is named.
        how = "As the extractor reads them, the sets show different things" if grouping.kind == "class" else ""
        how = how or "The sets lie in different clusters"
        yield f"{how}, with {percent(grouping.overlap)} in common: {named}.{gone.replace('of it', 'of the distance')}"
    if removed >= SOME:
        yield f"{'Most' if removed >= MOST else 'A part'} of the distance comes from what is shown: {named}.{gone}"


def _named(grouping: Grouping, differing: Sequence[Any]) -> str:
    words = []
    differing = sorted(differing, key=lambda one: bool(one.a and one.b))  # what is missing is named first
    for one in differing[:NAMED]:
        how = "is missing in B" if not one.b else "is in B alone" if not one.a else ""
        how = how or ("is rarer in B" if one.share_b < one.share_a else "is more frequent in B")
        words.append(f"{grouping.kind} {one.name} {how} ({percent(one.share_b, 1)} against {percent(one.share_a, 1)})")
    more = len(differing) - len(words)
    return ", ".join(words) + (f" and {more} more" if more > 0 else "")


def _variety(found: Evidence) -> Iterator[str]:
    a, b = found.variances
    if a <= 0 or found.distance.covariance_term < found.distance.mean_term:
        return
    if b / a < NARROW:
        yield f"B varies less than A: its features have {percent(b / a)} of the variance of A's. It may lack variety."
    elif b / a > WIDER:
        yield f"B varies more than A: its features have {percent(b / a)} of the variance of A's. Look for odd images."


def about_terms(found: Evidence) -> str:
    """How the FID is made up, in one sentence."""
    count = min(NAMED, len(found.directions.total))
    share = float(found.directions.total[:count].sum()) / found.distance.fid if found.distance.fid else 0.0
    return (
        f"Of the FID of {figure(found.distance.fid)}, {figure(found.distance.mean_term)} is the mean term (all images "
        f"moved one way) and {figure(found.distance.covariance_term)} the covariance term (they vary in another way); "
        f"the first {count} directions hold {percent(share)} of it."
    )


def about_noise(found: Evidence) -> str:
    """What chance alone would give, in one sentence."""
    if are_dependent(found.scores):
        return "The sets depend on each other, so it is not known what chance alone would give: 0 is taken."
    floor = f"{found.floor:,.0f}" if found.floor >= 100 else f"{found.floor:.3g}"
    return f"Two sets of one distribution would have an FID of about {floor} at these counts."


def percent(share: float, decimals: int = 0) -> str:
    """A share for people."""
    return f"{100 * share:.{decimals}f} %"

"""One line in words: whether the opinions agree, and about what they do not.

The rule. A number says "worse" or "better" than real where its whole interval lies on that side of 1, "like real"
where the interval holds 1. Numbers are put together by what they look at (fidelity, variety, both at once) and by
extractor; each of these says what more than half of its numbers say, and is divided where no more do. All agree where
all of them say the same.
Copies are told as `bench.measuring.flags` finds them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from bench.second_opinions.ratios import Opinion, Verdict

TOLD_IN = ("fidelity", "variety", "both")  # the order of the words
SAYS: dict[Verdict, str] = {
    "worse": "worse than real images",
    "better": "better than real images",
    "like real": "not told from real images",
}
DIVIDED = "divided"


def in_words(opinions: Sequence[Opinion], copies: Sequence[str] | None) -> str:
    """The line; `copies` are the reasons for which the images count as copied, None where nobody looked."""
    asked = [one for one in opinions if one.verdict]
    parts = [_agreement(asked) if asked else "no opinion has an interval, so nothing can be said"]
    if copies is not None:
        parts.append(f"copies: {'; '.join(copies)}" if copies else "no sign of copies of training images")
    return _sentences(parts)


def _agreement(asked: Sequence[Opinion]) -> str:
    aspects = _said(asked, lambda one: one.looks_at)
    extractors = _said(asked, lambda one: one.extractor)
    said = {*aspects.values(), *extractors.values()}
    counts = Counter(SAYS[one.verdict] for one in asked if one.verdict)
    if said == {DIVIDED}:
        return f"they are divided: {', '.join(f'{count} {each}' for each, count in counts.items())}"
    if len(said) == 1:
        (same,) = said
        return f"they agree: {same} ({counts[same]} of {len(asked)} numbers)"
    parts = ["they disagree"]
    if len(set(aspects.values())) > 1:
        parts.append(_listed({"both at once" if name == "both" else name: one for name, one in aspects.items()}))
    if len(set(extractors.values())) > 1:
        parts.append(f"by extractor, {_listed(extractors)}")
    return _sentences(parts)


def _sentences(parts: Iterable[str]) -> str:
    return ". ".join(part[0].upper() + part[1:] for part in parts)


def _said(asked: Iterable[Opinion], group: Callable[[Opinion], str]) -> dict[str, str]:
    """What more than half of the numbers of each group say, in words."""
    groups: dict[str, list[Opinion]] = {}
    for one in asked:
        groups.setdefault(group(one), []).append(one)
    order = sorted(groups, key=lambda name: TOLD_IN.index(name) if name in TOLD_IN else 0)
    return {name: _most(groups[name]) for name in order}


def _most(asked: Sequence[Opinion]) -> str:
    counts = Counter(one.verdict for one in asked)
    return next((says for verdict, says in SAYS.items() if counts[verdict] > len(asked) / 2), DIVIDED)


def _listed(found: dict[str, str]) -> str:
    return "; ".join(f"{name}: {says}" for name, says in found.items())

"""One line in words: whether the opinions agree, and about what they do not.

The rule. A number says "worse" or "better" than real where its whole interval lies on that side of 1, "like real"
where the interval holds 1. Numbers are put together by what they look at (fidelity, variety, both at once) and by
extractor; each of these says what more than half of its numbers say, "worse" or "better", and "like real" otherwise.
All agree where all of them say the same, and more than half of all numbers do; they are divided where no more do.
Copies are told as `bench.measuring.flags` finds them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from bench.second_opinions.ratios import APART, Opinion, Verdict

TOLD_IN = ("fidelity", "variety", "both")  # the order of the words
SAYS = {
    "worse": "worse than real images",
    "better": "better than real images",
    "like real": "not told from real images",
}


def in_words(opinions: Sequence[Opinion], copies: Sequence[str] | None) -> str:
    """The line; `copies` are the reasons for which the images count as copied, None where nobody looked."""
    asked = [one for one in opinions if one.verdict]
    parts = [_agreement(asked) if asked else "no opinion has an interval, so nothing can be said"]
    if copies is not None:
        parts.append(f"copies: {'; '.join(copies)}" if copies else "no sign of copies of training images")
    return ". ".join(part[0].upper() + part[1:] for part in parts)


def _agreement(asked: Sequence[Opinion]) -> str:
    aspects = verdicts(asked, lambda one: one.looks_at)
    extractors = verdicts(asked, lambda one: one.extractor)
    said = {*aspects.values(), *extractors.values()}
    if len(said) == 1:
        (verdict,) = said
        same = sum(one.verdict == verdict for one in asked)
        if 2 * same <= len(asked):
            counts = Counter(one.verdict for one in asked if one.verdict)
            return f"they are divided: {', '.join(f'{count} {SAYS[each]}' for each, count in counts.items())}"
        return f"they agree: {SAYS[verdict]} ({same} of {len(asked)} numbers)"
    parts = []
    if len(set(aspects.values())) > 1:
        parts.append(f"about what they look at: {_listed(aspects, {'both': 'both at once'})}")
    if len(set(extractors.values())) > 1:
        parts.append(f"between extractors: {_listed(extractors, {})}")
    return f"they disagree {'; and '.join(parts)}"


def verdicts(asked: Iterable[Opinion], group: Callable[[Opinion], str]) -> dict[str, Verdict]:
    """What more than half of the numbers of each group say."""
    groups: dict[str, list[Opinion]] = {}
    for one in asked:
        groups.setdefault(group(one), []).append(one)
    order = sorted(groups, key=lambda name: TOLD_IN.index(name) if name in TOLD_IN else 0)
    return {name: _most(groups[name]) for name in order}


def _most(asked: Sequence[Opinion]) -> Verdict:
    counts = Counter(one.verdict for one in asked)
    return next((verdict for verdict in APART if counts[verdict] > len(asked) / 2), "like real")


def _listed(found: dict[str, Verdict], names: dict[str, str]) -> str:
    return ", ".join(f"{names.get(name, name)} {SAYS[verdict]}" for name, verdict in found.items())

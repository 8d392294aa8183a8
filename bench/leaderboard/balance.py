"""Whether fidelity and variety of an entry agree, in two words beside its rank.

Fidelity is what single images look like: precision and the Inception Score. Variety is what the set holds of the real
ones: recall and coverage. Each number is divided by that of real 2, and counts for 1 at most, because images are not
better for being surer of their class than real ones. The mean of a side is good from 90 % on, fair from 60 % on, and
poor below. The limits are chosen and no test: a side near one of them may fall on either side of it.
"""

from collections.abc import Mapping
from statistics import fmean

from bench.storage.records import Numbers

SIDES = {
    "fidelity": (("prdc", "precision"), ("inception-score", "inception_score")),
    "variety": (("prdc", "recall"), ("prdc", "coverage")),
}
WORDS = ((0.9, "good"), (0.6, "fair"), (0.0, "poor"))  # from this share of real 2 on
Scores = Mapping[str, Numbers]


def in_words(scores: Scores, real_2: Scores) -> str | None:
    """`both fair`, or `fidelity good, variety poor`; None where a side has no number."""
    found = {side: _word(names, scores, real_2) for side, names in SIDES.items()}
    if None in found.values():
        return None
    words = list(dict.fromkeys(found.values()))
    return f"both {words[0]}" if len(words) == 1 else ", ".join(f"{side} {word}" for side, word in found.items())


def _word(names: tuple[tuple[str, str], ...], scores: Scores, real_2: Scores) -> str | None:
    pairs = [tuple(one.get(metric, {}).get(key) for one in (scores, real_2)) for metric, key in names]
    shares = [min(value / real, 1.0) for value, real in pairs if value is not None and real]
    if not shares:
        return None
    mean = fmean(shares)
    return next(word for least, word in WORDS if mean >= least)

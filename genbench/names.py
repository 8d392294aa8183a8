"""A name that nobody knows is answered with the close ones: one sentence, the same everywhere."""

from collections.abc import Iterable
from difflib import get_close_matches

MOST = 2  # close names that are offered
LIKENESS = 0.6  # of two names: twice the letters that they share, as a part of all their letters
FEWEST = 3  # letters of a name that is looked for within longer ones


def close_names(name: str, known: Iterable[str], *, likeness: float = LIKENESS) -> list[str]:
    """The known names that are most like this one, the closest first; capital letters do not matter."""
    forms = {one.lower(): one for one in known}
    return [forms[form] for form in get_close_matches(name.lower(), forms, n=MOST, cutoff=likeness)]


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """`Did you mean 'fid' or 'kid'?`; where no known name is close, `otherwise` or a list of them all."""
    known = list(known)
    longer = [one for one in known if len(name) >= FEWEST and name.lower() in one.lower()][:MOST]
    if close := close_names(name, known) or longer:
        return f"Did you mean {' or '.join(map(repr, close))}?"
    return otherwise or f"There are: {', '.join(known) or 'none'}."

"""Whether an entry is ranked or only listed: the rule for copied images, in one place.

An entry is flagged where one of these holds:

- more than 1 % of the images are training images to the pixel, and twice as many as of the held-out images are;
- of near duplicates of training images, in pixels or in features, there are more than twice as many as expected; by the
  usual bound, which 1 % of the held-out images are below, or by the strict one, 0.1 %;
- the nearest real image is a training image for more images than expected, by a quarter of those that had room to be;
- the same for held-out images: the test set was trained on, or handed in;
- more than 1 % of the images are held-out images to the pixel;
- they are known not to be independent of real 1 (`bench.measuring.dependence`), so that there is no corrected FID to
  rank by.

Those with an expected share are tests too: its probability under "nothing was copied" has to be below 1e-6, and by the
strict bound below 1e-4.

The numbers come from `metrics.memorisation` and `bench.measuring.copies`; they stay in the entry, so that another
version of this rule needs no image. What it found on copies and on honest models: docs/metrics.md.
"""

from collections.abc import Mapping

VERSION = 2  # goes up when the rule changes
CHANCE = 1e-6
STRICT_CHANCE = 1e-4  # by features and by pixels, an honest entry is flagged in less than 1 of 4,000 cases
EXACT = 0.01
TIMES = 2.0
EXCESS = 0.25  # of the images that would have had another nearest neighbour: training and test images do differ a bit

Values = Mapping[str, int | float | None]


def flags_of(scores: Mapping[str, Values]) -> tuple[str, ...]:
    """Why an entry with these scores, by metric, is not ranked, one line each; () for an honest one."""
    return (*dependent(scores), *flags(scores.get("memorisation", {}), scores.get("copies", {})))


def dependent(scores: Mapping[str, Values]) -> tuple[str, ...]:
    """Why there is no corrected FID among scores; () where there is one."""
    if scores.get("fid", {}).get("fid_corrected", 0.0) is not None:
        return ()
    return ("the images are not independent of real 1: no corrected FID and no interval",)


def flags(memorisation: Values, copies: Values) -> tuple[str, ...]:
    """Why an entry with these numbers is not ranked, one line each; () for an honest one, and for what is not known."""
    told = {key: float(value) for key, value in {**memorisation, **copies}.items() if value is not None}
    found = []
    if told.get("exact_copies", 0.0) > EXACT + TIMES * told.get("exact_copies_expected", 0.0):
        found.append(f"{_percent(told['exact_copies'])} of the images are training images, to the pixel")
    for key, where in (("near_copies", "pixels"), ("near_duplicates", "features")):
        for one, chance in ((key, CHANCE), (f"{key}_strict", STRICT_CHANCE)):
            if told.get(f"{one}_p", 1.0) < chance and told[one] > TIMES * told[f"{one}_expected"]:
                found.append(
                    f"{_percent(told[one])} of the images are near duplicates of training images by their {where} "
                    f"({_percent(told[f'{one}_expected'])} expected)"
                )
                break
    trained, expected = told.get("train_share", 0.0), told.get("train_share_expected", 0.0)
    for key, share, usual, kind in (
        ("train_share_p", trained, expected, "training"),
        ("held_out_p", 1 - trained, 1 - expected, "held-out"),
    ):
        if told.get(key, 1.0) < CHANCE and share - usual > EXCESS * (1 - usual):
            found.append(
                f"the real image nearest to {_percent(share)} of the images is a {kind} one "
                f"({_percent(usual)} expected)"
            )
    if told.get("held_out_copies", 0.0) > EXACT:
        found.append(f"{_percent(told['held_out_copies'])} of the images are held-out images, to the pixel")
    return tuple(found)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"

"""What the numbers of one entry cannot be, rule by rule: at each limit, beyond it, and where a number is missing."""

import math

import pytest

from bench.leaderboard.moments import Distance
from bench.measuring.copies import METRIC as COPIES
from bench.measuring.declared import declared
from bench.submissions._values import fits_moments, possible
from metrics.arithmetic.chance import hypergeometric_tail, more_often
from metrics.arithmetic.quantiles import Z95
from metrics.memorisation import METRIC as MEMORISATION
from metrics.types import Counts

COUNTS = Counts(real=200, generated=100, classes=10, train=60, held_out=40, calibration=30)
NOTHING: tuple[str, ...] = ()


OPTIONS = {"prdc": {"k": 5}}
SHARES = [
    (metric.name, one.name, one.counted)
    for metric in (MEMORISATION, COPIES)
    for one in metric.values
    if one.kind in ("share", "probability")
]


def related(metric, numbers, counts=COUNTS):
    """What the numbers of a metric cannot be together, as it says itself."""
    return tuple(f"{metric}: {what}" for what in declared(metric).impossible(numbers, counts, OPTIONS.get(metric, {})))


def found(metric, numbers, expected):
    """All that is said of these numbers, but for what `RELATED` is about."""
    said = (one.what for one in possible({metric: numbers}, COUNTS, lambda name: OPTIONS.get(name, {})))
    return tuple(one for one in said if one in expected or one not in related(metric, numbers))


def fid(**changes):
    base = {"fid": 8.0, "mean_term": 3.0, "covariance_term": 5.0, "n_a": 200, "n_b": 100}
    return base | {"fid_corrected": 2.0, "fid_sd": 1.0, "fid_low": 2 - Z95, "fid_high": 2 + Z95} | changes


def kid(**changes):
    return {"kid": 0.5, "kid_sd": 0.1, "kid_low": 0.5 - 0.1 * Z95, "kid_high": 0.5 + 0.1 * Z95} | changes


def is_(plain=4.0, corrected=4.1, se=0.1, sd=0.0, **changes):
    step = math.exp(Z95 * se / corrected) if corrected else 1.0
    ends = {"low": max(1.0, corrected / step), "high": min(10.0, corrected * step)}
    base = {"": plain, "_corrected": corrected, "_se": se, "_sd": sd, "_low": ends["low"], "_high": ends["high"]}
    base |= {f"_{key}": value for key, value in changes.items()}
    return {f"inception_score{key}": value for key, value in base.items()}


def alone(*keys, of):
    """The numbers with each of these missing, one at a time."""
    return [{**of, key: None} for key in keys]


OUTSIDE = "inception-score: inception_score_corrected 4.1 is outside of its interval"
POSSIBLE = [
    ("fid", fid(), NOTHING),
    ("fid", fid(mean_term=0.0, covariance_term=8.0), NOTHING),
    ("fid", fid(mean_term=-1.0, covariance_term=9.0), ("fid: mean_term is -1; it is at least 0",)),
    ("fid", fid(mean_term=9.0, covariance_term=-1.0), ("fid: covariance_term is -1; it is at least 0",)),
    ("fid", fid(fid=8 + 7e-9), NOTHING),
    ("fid", fid(fid=8 + 2e-8), ("fid: fid is 8.00000002, its terms add up to 8",)),
    ("fid", fid(fid=8 - 2e-8), ("fid: fid is 7.99999998, its terms add up to 8",)),
    *(("fid", one, NOTHING) for one in alone("fid", "mean_term", "covariance_term", of=fid(mean_term=3.5))),
    ("fid", fid(n_a=199), ("fid: n_a is 199, the set has 200 images",)),
    ("fid", fid(n_b=200), ("fid: n_b is 200, the set has 100 images",)),
    ("fid", fid(fid_sd=-1.0), ("fid: fid_sd is -1; it is at least 0",)),
    ("fid", fid(fid_sd=0.0, fid_low=2.0, fid_high=2.0), NOTHING),
    ("fid", fid(fid_low=2.5, fid_high=4.5), ("fid: fid_corrected 2 is outside of its interval 2.5 to 4.5",)),
    ("fid", fid(fid_low=-1.0, fid_high=1.5), ("fid: fid_corrected 2 is outside of its interval -1 to 1.5",)),
    ("fid", fid(fid_low=-2.0, fid_high=4.5), NOTHING),  # its room is not said
    ("fid", fid(fid_room=1.0, fid_low=-0.9, fid_high=5.2), NOTHING),
    ("fid", fid(fid_room=0.0, fid_low=-0.9, fid_high=5.2), (
        "fid: the interval of fid_corrected is wider than its standard deviation 1 makes it",)),
    ("fid", fid(fid_room=0.0, fid_low=0.1, fid_high=9.0), (
        "fid: the interval of fid_corrected is wider than its standard deviation 1 makes it",)),
    ("fid", fid(fid_low=0.05, fid_high=3.95), (
        "fid: the interval of fid_corrected is narrower than its standard deviation 1 makes it",)),
    ("fid", fid(fid_room=1.0, fid_low=0.0, fid_high=4.0), (
        "fid: the interval of fid_corrected is narrower than its standard deviation 1 makes it",)),
    *(("fid", one, NOTHING) for one in alone("fid_corrected", "fid_sd", "fid_low", "fid_high", of=fid(fid_low=-9.0))),
    ("kid", kid(), NOTHING),
    ("kid", kid(kid_low=0.31, kid_high=0.71), NOTHING),
    ("kid", kid(kid_high=0.8), ("kid: the interval of kid is wider than its standard deviation 0.1 makes it",)),
    ("kid", kid(kid_low=0.3), ("kid: the interval of kid is wider than its standard deviation 0.1 makes it",)),
    ("kid", kid(kid_low=0.31, kid_high=0.69), (
        "kid: the interval of kid is narrower than its standard deviation 0.1 makes it",)),
    *(("kid", one, NOTHING) for one in alone("kid", "kid_sd", "kid_high", of=kid(kid_low=0.3, kid_high=0.8))),
    ("inception-score", is_(), NOTHING),
    ("inception-score", is_(1.0, 1.0, 0.0), NOTHING),
    ("inception-score", is_(10.0, 10.0, 0.0), NOTHING),
    *(
        ("inception-score", {name: value}, (
            f"inception-score: {name} is {value:g}; it must be in [1, 10], the number of classes",))
        for name in ("inception_score", "inception_score_corrected", "inception_score_low", "inception_score_high")
        for value in (0.99, 10.01)
    ),
    *(
        ("inception-score", {name: -0.5}, (f"inception-score: {name} is -0.5; it is at least 0",))
        for name in ("inception_score_sd", "inception_score_se")
    ),
    ("inception-score", is_(low=4.2), (f"{OUTSIDE} 4.2 to 4.30076",)),
    ("inception-score", is_(high=4.05), (f"{OUTSIDE} 3.90861 to 4.05",)),
    ("inception-score", is_(low=4.1, high=4.1), NOTHING),
    *(
        ("inception-score", one, NOTHING)
        for change in ({"low": 9.0}, {"high": 2.0})
        for one in alone(
            *("inception_score_corrected", f"inception_score_{next(iter(change))}"), of=is_(**change)
        )
    ),
    ("prdc", {"precision": 0.51, "recall": 0.505, "density": 0.402, "coverage": 0.995}, NOTHING),
    ("prdc", {"precision": 0.505}, ("prdc: precision is 0.505; it is not a whole number of 100 images",)),
    ("prdc", {"recall": 0.5025}, ("prdc: recall is 0.5025; it is not a whole number of 200 images",)),
    ("prdc", {"coverage": 0.5025}, ("prdc: coverage is 0.5025; it is not a whole number of 200 images",)),
    *(
        ("prdc", {key: value}, (f"prdc: {key} is {value}; it is a share, in [0, 1]",))
        for key in ("precision", "recall", "coverage") for value in (-0.01, 1.01)
    ),
    *(("prdc", dict.fromkeys(("precision", "recall", "coverage", "density"), edge), NOTHING) for edge in (0.0, 1.0)),
    ("prdc", {"density": 40.0}, NOTHING),
    ("prdc", {"density": 40.002}, ("prdc: density is 40.002; it must be in [0, 40]",)),
    ("prdc", {"density": -0.002}, ("prdc: density is -0.002; it is at least 0",)),
    ("prdc", {"density": 0.401}, ("prdc: density is 0.401; it is not a whole number of balls over 500",)),
    ("memorisation", {"near_duplicates": 0.03, "authpct": 51.0, "train_share": 0.123}, NOTHING),
    ("memorisation", {"n_train": 60, "n_generated": 100, "n_held_out": 40, "c_t": -7.0, "train_share_z": 3.0}, NOTHING),
    ("memorisation", {"authpct": 50.5}, ("memorisation: authpct is 50.5; it is not a whole number of 100 images",)),
    ("memorisation", {"authpct": 101.0}, ("memorisation: authpct is 101; it must be in [0, 100]",)),
    *(
        ("memorisation", {key: 61}, (f"memorisation: {key} is 61, the set has {count} images",))
        for key, count in (("n_train", 60), ("n_generated", 100), ("n_held_out", 40))
    ),
    *(
        (metric, {key: value}, (f"{metric}: {key} is {value}; it is a share, in [0, 1]",))
        for metric, key, _ in SHARES for value in (-0.01, 1.01)
    ),
    *(
        (metric, {key: 0.005}, (f"{metric}: {key} is 0.005; it is not a whole number of 100 images",)
         if counted else NOTHING)
        for metric, key, counted in SHARES
    ),
]  # fmt: skip


def test_a_score_lies_in_its_range_and_its_interval():
    for metric, numbers, expected in POSSIBLE:
        assert found(metric, numbers, expected) == expected, numbers


MOST = 4 * math.exp(9 / 99)
NEAR = "no number of independent images gives it for a share of 0.1"


def near(many=100, real=40, key="near_duplicates", share=0.1, usual=2, **changes):
    p = more_often(int(share * many), many, usual, real + 1)
    return {key: share, f"{key}_expected": usual / (real + 1), f"{key}_p": p} | changes


def p_of(numbers):
    return numbers["near_duplicates_p"]


def copied(exact=0.0, expected=0.0, near=0.0, held_out=0.0):
    keys = ("exact_copies", "exact_copies_expected", "near_copies", "held_out_copies")
    return dict(zip(keys, (exact, expected, near, held_out), strict=True))


def nearest(share=0.7, drawn=50, **changes):
    """Numbers of 100 images as good as `drawn` independent ones, among 60 training and 40 held-out images."""
    sd = math.sqrt((100**2 / drawn - 100) * 2400 / 9900)
    return {
        "train_share": share,
        "train_share_expected": 0.6,
        "train_share_z": 100 * (share - 0.6) / sd,
        "train_share_p": hypergeometric_tail(int(share * drawn), drawn, 60, 100),
        "held_out_p": hypergeometric_tail(int((1 - share) * drawn), drawn, 40, 100),
        "c_t": 1.0,
    } | changes


EXCLUDE = "prdc: density 0.402 and"
OTHER_SIDE = "memorisation: train_share is {} and train_share_z {}, on the other side of 0.6"
RELATED = [
    ("inception-score", is_(), NOTHING),
    ("inception-score", is_(corrected=4.0), NOTHING),
    ("inception-score", is_(corrected=MOST), NOTHING),
    ("inception-score", is_(corrected=3.99), (
        "inception-score: inception_score_corrected is 3.99; for 4 uncorrected it must be in [4, 4.38068]",)),
    ("inception-score", is_(corrected=4.39), (
        "inception-score: inception_score_corrected is 4.39; for 4 uncorrected it must be in [4, 4.38068]",)),
    ("inception-score", is_(plain=9.5, corrected=10.1, high=11.0), (
        "inception-score: inception_score_corrected is 10.1; for 9.5 uncorrected it must be in [9.5, 10]",)),
    ("inception-score", is_(corrected=9.0, sd=0.5), NOTHING),
    ("inception-score", is_(low=3.9), (
        "inception-score: inception_score_low is 3.9; value and standard error give 3.90861",)),
    ("inception-score", is_(plain=1.01, corrected=1.05), NOTHING),
    ("inception-score", is_(plain=1.01, corrected=1.05, low=0.9), (
        "inception-score: inception_score_low is 0.9; value and standard error give 1",)),
    ("inception-score", is_(high=4.29), (
        "inception-score: inception_score_high is 4.29; value and standard error give at least 4.30076",)),
    ("inception-score", is_(high=5.0), NOTHING),
    ("inception-score", is_(plain=9.8, corrected=9.9, se=1.0), NOTHING),
    *(("inception-score", is_(plain, corrected), NOTHING) for plain, corrected in ((0.0, 4.1), (4.1, 0.0))),
    *(
        ("inception-score", one, NOTHING)
        for one in alone(*(f"inception_score{end}" for end in ("", "_corrected", "_se", "_low", "_high")),
                         of=is_(corrected=9.0, low=2.0, high=3.0))
    ),
    ("prdc", {"precision": 0.5, "density": 0.4, "coverage": 1.0}, NOTHING),
    ("prdc", {"precision": 0.5, "density": 0.398, "coverage": 1.0}, (
        "prdc: density 0.398 and coverage 1 exclude each other",)),
    ("prdc", {"precision": 0.5, "density": 0.4, "coverage": 0.01}, NOTHING),
    ("prdc", {"precision": 0.5, "density": 0.402, "coverage": 0.01}, (f"{EXCLUDE} coverage 0.01 exclude each other",)),
    ("prdc", {"precision": 0.01, "density": 0.4, "coverage": 0.5}, NOTHING),
    ("prdc", {"precision": 0.01, "density": 0.402, "coverage": 0.5}, (f"{EXCLUDE} precision 0.01 exclude each other",)),
    *(
        ("prdc", one, NOTHING)
        for one in alone("precision", "density", "coverage", of={"precision": 0.0, "density": 0.1, "coverage": 0.9})
    ),
    ("copies", copied(0.1, 0.0, 0.1, 0.9), NOTHING),
    ("copies", copied(0.1, 0.0, 0.09, 0.0), (
        "copies: 0.1 are exact copies and only 0.09 near ones; an exact copy is a near one",)),
    ("copies", copied(0.1, 1.0, 0.09, 0.0), NOTHING),
    ("copies", copied(0.1, 0.0, 0.1, 0.91), (
        "copies: 0.1 are training images and 0.91 held-out ones, together more than all",)),
    *(
        ("copies", one, NOTHING)
        for one in alone(*copied(), of=copied(0.5, 0.0, 0.0, 0.9))
    ),
    *(("memorisation", near(many), NOTHING) for many in (100, 50, 7, 1)),
    *(
        ("memorisation", near(many), (f"memorisation: near_duplicates_p is {p_of(near(many)):.6g}; {NEAR}",))
        for many in (110, 200)
    ),
    ("memorisation", near(share=0.0), NOTHING),
    ("memorisation", near(near_duplicates_p=p_of(near()) * (1 + 5e-7)), NOTHING),
    ("memorisation", near(near_duplicates_p=p_of(near()) * (1 + 5e-6)), (
        f"memorisation: near_duplicates_p is {near()['near_duplicates_p'] * (1 + 5e-6):.6g}; {NEAR}",)),
    ("memorisation", near(near_duplicates_expected=2.5 / 41), (
        "memorisation: near_duplicates_expected is 0.0609756; it is a whole number, from 1, of 41",)),
    ("memorisation", near(near_duplicates_expected=0.0), (
        "memorisation: near_duplicates_expected is 0; it is a whole number, from 1, of 41",)),
    ("memorisation", near(usual=1), NOTHING),
    *(
        ("memorisation", one, NOTHING)
        for one in alone(*near(), of=near(near_duplicates_p=2))
    ),
    ("copies", near(real=30, key="near_copies"), NOTHING),
    ("copies", near(real=40, key="near_copies"), (
        "copies: near_copies_expected is 0.0487805; it is a whole number, from 1, of 31",)),
    ("memorisation", nearest(), NOTHING),
    ("memorisation", nearest(share=0.5, drawn=40), NOTHING),
    *(("memorisation", nearest(c_t=value), NOTHING) for value in (9.22, -9.22)),
    *(
        ("memorisation", nearest(c_t=value), (
            f"memorisation: c_t is {value}; for these counts it is within 9.22531 of 0",))
        for value in (9.23, -9.23)
    ),
    ("memorisation", nearest(train_share_expected=0.61, c_t=99.0), (
        "memorisation: train_share_expected is 0.61; 60 of 100 are 0.6",)),
    *(
        ("memorisation", nearest(share=share, train_share_z=z), (OTHER_SIDE.format(share, f"{z:g}"),))
        for share, z in ((0.7, -2.0), (0.5, 2.0), (0.7, 0.0), (0.5, 0.0))
    ),
    ("memorisation", nearest(share=0.6, train_share_z=0.0), NOTHING),
    *(
        ("memorisation", nearest(**{key: 0.5}), (
            "memorisation: train_share 0.7 and its z 2.03101 do not give the probabilities beside them",))
        for key in ("train_share_p", "held_out_p")
    ),
    *(
        ("memorisation", one, NOTHING)
        for one in alone(*nearest(), of=nearest(train_share_p=2.0, c_t=99.0, train_share_expected=0.61))
    ),
]  # fmt: skip


def test_scores_of_one_set_allow_each_other():
    for metric, numbers, expected in RELATED:
        assert related(metric, numbers) == expected, numbers


def test_terms_that_are_known_exactly_are_one_number():
    (said,) = fits_moments({"fid": {"mean_term": 3.0, "covariance_term": 3.9}}, Distance(3.0, 4.0, 4.0, 2.0))
    assert said.what == "fid: covariance_term is 3.9, the moments give 4"


def test_few_pixels_to_calibrate_with_count_before_all_held_out_images():
    few = Counts(real=200, generated=100, classes=10, train=60, held_out=20, calibration=30)
    assert related("copies", near(real=20, key="near_copies"), few) == NOTHING


@pytest.mark.parametrize(
    ("mean_term", "covariance_term", "expected"),
    [
        (3.0, 4.0, NOTHING),
        (3.0, 6.0, NOTHING),
        (3 + 1.9e-6, 4 - 1.9e-6, NOTHING),  # a millionth of a scale of 2
        (3 - 1.9e-6, 6 + 1.9e-6, NOTHING),
        (3 + 2.1e-6, 5.0, ("fid: mean_term is 3, the moments give 3",)),
        (3 - 2.1e-6, 5.0, ("fid: mean_term is 3, the moments give 3",)),
        (3.0, 3.9, ("fid: covariance_term is 3.9, the moments give 4 to 6",)),
        (3.0, 6.1, ("fid: covariance_term is 6.1, the moments give 4 to 6",)),
        (None, 9.0, NOTHING),
        (9.0, None, NOTHING),
    ],
)
def test_the_terms_of_the_fid_are_those_that_the_moments_allow(mean_term, covariance_term, expected):
    scores = {"fid": {"mean_term": mean_term, "covariance_term": covariance_term}}
    assert tuple(one.what for one in fits_moments(scores, Distance(3.0, 4.0, 6.0, 2.0))) == expected

"""Small rules of tables, names, values and pairs, called directly: at each limit and beyond it."""

from types import SimpleNamespace

import numpy as np
import pytest

from bench.leaderboard.differences import Differences
from bench.leaderboard.moments import Moments
from bench.leaderboard.ranking import ranks, verdicts
from bench.leaderboard.seeds import stem_of
from bench.leaderboard.twins import _beyond_chance
from bench.names import shown
from bench.protocol import check_protocol, of_one_part, titled
from bench.sources._contents import contents
from bench.sources.decoding import Header
from bench.sources.files import describe
from bench.sources.members import hidden
from bench.sources.values import Extremes, joined
from bench.storage.records import setting_text, slug
from bench.storage.typed import typed
from bench.tables.notes import _duration
from bench.tables.set_tables import _rounded, shown_name
from bench.tables.table import _number
from bench.tables.terminal import _width
from metrics.errors import InputError
from metrics.inception_score import METRIC as INCEPTION_SCORE

IS = INCEPTION_SCORE.output("inception_score")


@pytest.mark.parametrize(
    ("rule", "cases"),
    [
        (_duration, {0.4: "0 s", 119.4: "119 s", 119.9: "120 s", 120: "2 min", 7199: "120 min", 7200: "2.0 h",
                     9000: "2.5 h"}),
        (_rounded, {None: None, 1e-10: 0.0, -1e-10: 0.0, 2e-9: 2e-9, -2e-9: -2e-9}),
        (lambda value: _number(value, 2), {0.004: "0.00", -0.004: "0.00", -0.006: "\u22120.01", 1234.5: "1,234.50",
                                           -1234.0: "\u22121,234.00"}),
        (_width, {"": 0, "abc": 3, "\u00e9a": 2, "e\u0301a": 2, "\u6a21\u578b": 4, "\uff21b": 3}),
        (setting_text, {None: "none", True: "true", False: "false", 3: "3", 0.5: "0.5", (1, 2): "1,2", "A": "A"}),
        (slug, {"emoji/apple": "emoji-apple", "folder:a b:64": "folder-a-b-64", "a_b.c-d": "a_b.c-d"}),
        (stem_of, {"A (seed 3)": "A", "A, seed=12": "A", "A seed": "A seed", "A seed 3 b": "A seed 3 b",
                   "A-Seed7": "A"}),
        (shown, {"a b\u00e9": "a b\u00e9", "a\tb": "a\\tb", "\x1b": "\\x1b", chr(0xDCFF): "\\xff", chr(0xDC80): "\\x80",
                 "\u202e": "\\u202e", chr(0xD800): "\\ud800", "\ue000": "\ue000"}),
        (hidden, {"a/b.png": False, ".a/b.png": True, "a/.b.png": True, "__MACOSX/b.png": True, "a__MACOSX/b": False}),
        (lambda splits: titled(IS, {"splits": splits}), {None: "IS", 1: "IS (1 split)", 10: "IS (10 splits)"}),
    ],
)  # fmt: skip
def test_words_and_numbers_are_written_by_their_rule(rule, cases):
    assert {value: rule(value) for value in cases} == cases


def test_real_1_of_a_domain_is_the_first_real_set_of_that_name():
    assert [shown_name("real 1", "edges"), shown_name("noise", "edges"), shown_name("real 1", "")] == [
        *("real edges 1", "noise edges", "real 1")
    ]


@pytest.mark.parametrize(
    ("kind", "taken", "refused"),
    [
        (float, [0, 1.5, 1e150, -1e150, 2**63 - 1, 1 - 2**63], [1.01e150, -1.01e150, 2**63, -(2**63), True, None, "1"]),
        (int, [0, 2**63 - 1, 1 - 2**63], [2**63, -(2**63), 1.0, True, None]),
        (int | None, [None, 3], [False, 1.5, ""]),
        (float | None, [None, 3, 0.5], [True, 1e151, 2**63]),
        (bool, [True, False], [0, 1, None]),
        (str, ["", "a"], [1, None, ["a"]]),
        (tuple[int, ...], [[], [1, 2]], [[1, "a"], 3, None, {"a": 1}]),
        (tuple[int, int], [[1, 2]], [[1], [1, 2, 3], [1, None]]),
        (tuple[int, ...] | None, [None, [1]], [3, ["a"]]),
        (dict[str, int], [{}, {"a": 1}], [{"a": 1.5}, [], None]),
    ],
)
def test_a_value_has_its_type_and_a_size_that_can_be_computed_with(kind, taken, refused):
    for value in taken:
        found = typed(kind, value, "x")
        assert found == (tuple(value) if isinstance(value, list) else float(value) if kind is float else value)
        assert kind is not float or type(found) is float
    for value in refused:
        with pytest.raises(InputError, match=r"^x.* is .*; expected "):
            typed(kind, value, "x")


def test_a_long_value_is_shortened_in_a_message():
    for length, end in ((57, '"; expected'), (58, "...; expected"), (90, "...; expected")):
        with pytest.raises(InputError) as error:
            typed(int, "a" * length, "x")
        value, _, rest = str(error.value).removeprefix("x is ").partition("; expected")
        assert f"{value}; expected".endswith(end)
        assert (len(value), rest) == (59 if length == 57 else 60, " a whole number")


@pytest.mark.parametrize(
    ("real", "generated", "said"),
    [
        (("real 1", "real 2"), (5,), None),
        (("real 2", "real 3"), (5,), "has no set 'real 1'"),
        (("real 1",), (5,), "has no set 'real 2'"),
        (("real 1", "real 2"), (), "says of no set how many images are generated"),
    ],
)
def test_a_protocol_has_both_real_sets_and_a_number_of_images(real, generated, said):
    protocol = SimpleNamespace(real=[SimpleNamespace(name=name) for name in real], generated=generated)
    if said is None:
        assert check_protocol(protocol, "x") is None
    else:
        with pytest.raises(InputError, match=f"^x: its protocol {said}; restore the file$"):
            check_protocol(protocol, "x")


class Apart(Differences):
    """Differences whose z are given."""

    def __init__(self, z):
        values = np.array(z, float)
        object.__setattr__(self, "value", values)
        object.__setattr__(self, "z", values)

    def apart(self):
        return self.z


def test_ranks_follow_holms_bounds_in_either_direction():
    # Three entries: bounds 2.2414 for the larger and 1.96 for the smaller of two differences.
    z = np.array([[0, -1.95, -2.25], [1.95, 0, -1.0], [2.25, 1.0, 0]])
    found = [(one.number, one.first, one.last, one.group) for one in ranks(verdicts(Apart(z), lower_is_better=True))]
    assert found == [(1, 1, 2, 1), (2, 1, 3, 1), (3, 2, 3, 2)]
    assert ranks(verdicts(Apart(-z), lower_is_better=False)) == ranks(verdicts(Apart(z), lower_is_better=True))
    sure = z * 1.01
    found = [(one.first, one.last, one.group) for one in ranks(verdicts(Apart(sure), lower_is_better=True))]
    assert found == [(1, 1, 1), (1, 3, 2), (2, 3, 2)]
    assert [(one.first, one.last, one.group) for one in ranks(verdicts(Apart([[0.0]]), lower_is_better=True))] == [
        (1, 1, 1)
    ]


def test_means_that_lie_together_by_chance_are_told_from_those_that_do_not():
    many, one = (Moments(50, np.zeros(dims), "spectrum", np.ones(dims)) for dims in (40, 1))
    assert _beyond_chance(0.049, many)
    assert not _beyond_chance(0.051, many)
    assert not _beyond_chance(0.049, one)
    assert _beyond_chance(-1e-12, many)


@pytest.mark.parametrize(
    ("shapes", "start"),
    [
        ({"cov": (3, 3), "m": (3,)}, "these look like a mean and a covariance, which `bench fid` takes as mu and "
         "sigma: numpy.savez(OUT, mu=file['m'], sigma=file['cov'])"),
        ({"cov": (3, 3), "m": (4,)}, "cov looks like features"),
        ({"cov": (3, 4), "m": (3,)}, "cov looks like features"),
        ({"x": (5, 7)}, "x looks like features"),
        ({"x": (5,)}, ""),
        ({"x": (5, 7, 3)}, ""),
        ({}, ""),
    ],
)  # fmt: skip
def test_arrays_that_are_no_images_are_named_for_what_they_look_like(shapes, start):
    found = contents(shapes)
    assert found.startswith(start)
    assert bool(found) == bool(start)


def header(**changes):
    base = {"format": "PNG", "mode": "RGB", "size": (8, 9), "lossy": False, "transparent": False, "frames": 1}
    return Header(**base | {"rotated": False, "profile": False} | changes)


@pytest.mark.parametrize(
    ("changes", "others", "said"),
    [
        ({}, (), ()),
        ({"format": "JPEG", "lossy": True}, (), (
            "lossy: 1 of 3 files are compressed with loss (1 JPEG), which changes the FID",)),
        ({"size": (9, 8)}, (), ("mixed sizes: 2 sizes, 2 of 3 files are 9x8; each is resized separately",)),
        ({"mode": "L"}, (), ("grey: 1 of 3 files are stored in grey and repeated to three channels",)),
        ({"transparent": True}, (), ("transparent: 1 of 3 files store transparency and are composited on white",)),
        ({"frames": 2}, (), ("frames: 1 of 3 files have several frames; the first is used",)),
        ({"rotated": True}, (), ("rotated: 1 of 3 files have an EXIF orientation, which is not applied",)),
        ({"profile": True}, (), (
            "colour profile: 1 of 3 files have one that is not sRGB (ICC); it is not applied",)),
        ({}, ("a.TXT",), ("other files: 1 file of other kinds (1 .txt) ignored",)),
        ({}, ("a.a", "b.z", "c.z"), ("other files: 3 files of other kinds (2 .z, 1 .a) ignored",)),
        ({}, ("a.b", "c.b", "d", "e.f", "g.h"), (
            "other files: 5 files of other kinds (2 .b, 1 .f, 1 .h, 1 without suffix) ignored",)),
        ({}, ("a.b", "c.b", "d", "e.f", "g.h", "i.j"), (
            "other files: 6 files of other kinds (2 .b, 1 .f, 1 .h, 1 .j, ...) ignored",)),
    ],
)  # fmt: skip
def test_what_is_special_about_files_is_said_and_nothing_else(changes, others, said):
    assert tuple(describe([header(**changes), header(), header()], others)) == said


def test_files_that_are_all_grey_are_said_to_be():
    assert describe([header(mode="L")] * 2, ()) == [
        "grey: all files are stored in grey and repeated to three channels"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "top", "start"),
    [
        (0, 255, 255, ""), (0, 129, 255, ""), (126, 255, 255, ""),
        (0, 128, 255, "range: no value above 128 of 255"), (127, 255, 255, "range: no value below 127 of 255"),
        (126, 254, 255, "range: all values from 126 to 254 of 255"), (128, 128, 255, "range: no value above 128 of"),
        (0, 32768, 65535, "range: no value above 32,768 of 65,535"), (0, 32769, 65535, ""),
    ],
)  # fmt: skip
def test_a_set_that_uses_half_of_its_range_is_told_of_and_one_more_value_is_not(low, high, top, start):
    extremes = Extremes(low, high, top)
    assert extremes.note.startswith(start)
    assert extremes.narrow == bool(extremes.note) == bool(start)


def test_extremes_of_both_depths_are_joined_in_eight_bits():
    deep = Extremes(257 * 3, 257 * 200 + 129, 65535)
    assert joined([deep, Extremes(5, 100)]) == Extremes(3, 201)
    assert joined([deep, Extremes(1000, 65535, 65535)]) == Extremes(771, 65535, 65535)
    assert joined([Extremes(5, 100), Extremes(2, 90)]) == Extremes(2, 100)


def test_a_spread_over_one_part_is_no_measurement_and_is_not_listed():
    spread, plain = (INCEPTION_SCORE.output(key) for key in ("inception_score_sd", "inception_score"))
    assert [of_one_part(spread, {"splits": number}) for number in (1, 10)] == [True, False]
    assert not of_one_part(plain, {"splits": 1})

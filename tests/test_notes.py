"""Every note appears where it must and nowhere else, and what one part has found reaches the record and the tables."""

from dataclasses import replace

import numpy as np
import pytest
from run_records import ENVIRONMENT, TRAINING, protocol, record

from bench.measuring import evaluation
from bench.measuring.evaluation import GENERATED, UNTRAINED, evaluate, find_measure, noise, open_evaluation
from bench.measuring.flags import flags
from bench.measuring.scoring import Options, Scores, about_shared, notes_beside, score_pair
from bench.measuring.sets import MeasuredSet
from bench.measuring.subject import open_subject
from bench.sources.decoding import Header
from bench.sources.files import describe
from bench.tables.comparison import comparison_tables
from bench.tables.run_tables import run_tables
from metrics.fid import METRIC as FID
from metrics.fid import GaussianStats
from metrics.kid import METRIC as KID
from metrics.kid import negative_note, subset_warning
from metrics.types import Sample

# ----- files

PLAIN = Header("PNG", "RGB", (8, 8), lossy=False, transparent=False, frames=1, rotated=False)
TRAITS = {
    "lossy: 1 of 3 files": replace(PLAIN, format="JPEG", lossy=True),
    "mixed sizes: 2 sizes, 2 of 3 files are 8x8": replace(PLAIN, size=(9, 8)),
    "grey: 1 of 3 files": replace(PLAIN, mode="L"),
    "transparent: 1 of 3 files": replace(PLAIN, transparent=True),
    "frames: 1 of 3 files": replace(PLAIN, frames=2),
    "rotated: 1 of 3 files": replace(PLAIN, rotated=True),
}


@pytest.mark.parametrize("said", TRAITS)
def test_a_trait_of_files_is_noted_and_no_other_one(said):
    (note,) = describe([PLAIN, TRAITS[said], PLAIN], ())
    assert note.startswith(said)


def test_plain_files_have_no_note_and_others_beside_them_have_one():
    assert describe([PLAIN, PLAIN], ()) == []
    assert describe([PLAIN], ("a.txt", "b.txt", "c")) == [
        "other files: 3 files of other kinds (2 .txt, 1 without suffix) ignored"
    ]
    assert describe([replace(PLAIN, mode="L")] * 2, ())[0].startswith("grey: all files are stored in grey")


# ----- pairs of sets


def beside(metric, n, m, values):
    """What is said beside a result of n and m images with 4 features."""
    return notes_beside(metric, values, [Sample("a", n, 4), Sample("b", m, 4)], Options(subset_size=4))


@pytest.mark.parametrize(
    ("n", "m", "said"),
    [(4, 4, ["n <= d"]), (5, 5, []), (5, 6, ["different n"]), (4, 6, ["n <= d", "different n"])],
)
def test_few_or_different_counts_are_said_beside_a_fid_only(n, m, said):
    found = beside(FID, n, m, {"fid_corrected": 1.0})
    assert [line.partition(":")[0] for line in found] == said
    assert beside(KID, n, m, {"kid": 0.5}) == []


@pytest.mark.parametrize(
    ("corrected", "remedy"), [(1.0, "read the corrected value"), (None, "the images of independent sets")]
)
def test_few_images_name_what_to_read_instead(corrected, remedy):
    assert remedy in beside(FID, 4, 4, {"fid_corrected": corrected})[0]


def test_a_negative_kid_is_explained_and_0_is_not():
    assert beside(KID, 9, 9, {"kid": -0.01, "kid_high": 0.01}) == [negative_note(-0.01)]
    assert "below 0" in negative_note(-0.01)
    assert negative_note(0.0) is None
    assert negative_note(0.01) is None


def test_subsets_that_are_larger_than_a_set_are_left_out_with_a_word():
    assert subset_warning(10, 10, 10) is None
    assert "here are 9 and 10" in subset_warning(9, 10, 10)
    assert "here are 10 and 9" in subset_warning(10, 9, 10)


def test_images_in_common_are_counted_and_none_are_not_named():
    assert about_shared("a", ["x", "y"], "b", ["z"]) == []
    (said,) = about_shared("a", ["x", "y"], "b", ["y", "z", "x"])
    assert said.startswith("2 of 3 images of b are also in a")


def test_statistics_without_features_are_said_to_have_no_corrected_value():
    rows, others = np.random.RandomState(0).randn(2, 9, 3)
    stats = GaussianStats.of(rows)
    with_features, without, independent = (
        MeasuredSet(name, count=9, arrays=arrays, statistics={"pool": lambda: stats})
        for name, arrays in (("a", {"pool": rows}), ("b", {}), ("d", {"pool": others}))
    )
    (said,) = score_pair(with_features, without, FID, Options()).warnings
    assert said.startswith("b: statistics but no features")
    assert score_pair(with_features, independent, FID, Options()).warnings == ()
    assert score_pair(without, replace(without, name="c"), FID, Options()).warnings[0].startswith("b and c: statistics")


# ----- an evaluation


def test_what_is_noted_of_every_set_and_pair_reaches_the_result_but_for_the_untrained_model(monkeypatch):
    """An untrained model has odd numbers; notes about them would be read as ones about the trained one."""
    subject = open_subject("digits")
    monkeypatch.setattr(evaluation, "set_scores", lambda whole, one: {"x": Scores({}, (f"set {one.source.name}",))})

    def pair_scores(whole, real, other, *, images=False):
        return {"x": Scores({}, (f"pair {other.source.name}",))}

    monkeypatch.setattr(evaluation, "pair_scores", pair_scores)
    whole = open_evaluation(subject, find_measure(subject, "pixels", cache=False))
    images = noise((1, 32, 32), 250)
    found = evaluate(whole, {(GENERATED, ""): images, (UNTRAINED, ""): images})
    noted = {warning.rpartition("digits ")[2] for warning in found.warnings if warning.startswith("set ")}
    assert noted == {"real 1", "real 2", "generated", "noise"}
    noted = {warning.rpartition("digits ")[2] for warning in found.warnings if warning.startswith("pair ")}
    assert noted == {"real 2", "generated", "noise"}


# ----- tables of runs


def notes(made):
    return " | ".join(run_tables(made)[0].notes)


INCEPTION = protocol(extractor="inception", logits="logits-unbiased")
PART = replace(TRAINING, epochs=1.0, full_epochs=2.0)
WHOLE = replace(TRAINING, epochs=2.0, full_epochs=2.0)
OTHER = ("weights are not official", "2 of 3 files")
BIASED = "the plain FID is biased upwards"
CASES = {
    "on a device": (record(), ["budget: 30 steps (1.5 epochs) in 12 s on 2 cores of Some CPU"], ["not known"]),
    "on a GPU": (record(environment=replace(ENVIRONMENT, gpu="Some GPU")), ["on Some GPU"], ["cores of"]),
    "on no device": (record(training=replace(TRAINING, device="")), ["in 12 s, "], [" on 2 cores", " on Some"]),
    "no training": (record(training=None), ["budget: not known"], ["steps (", "full recipe"]),
    "a part of it": (record(training=PART), ["50 % of the recipe's 2 epochs: NOT the full recipe"], []),
    "all of it": (record(training=WHOLE), [", the full recipe"], ["NOT the full"]),
    "minutes": (record(training=replace(TRAINING, seconds=120.0)), ["in 2 min"], ["120 s"]),
    "seconds": (record(training=replace(TRAINING, seconds=119.0)), ["in 119 s"], [" min"]),
    "hours": (record(training=replace(TRAINING, seconds=7200.0)), ["in 2.0 h"], ["120 min"]),
    "less than hours": (record(training=replace(TRAINING, seconds=7199.0)), ["in 120 min"], ["in 2.0"]),
    "changed": (record(recipe_changes={"lr": 0.1}), ["changed settings: lr"], []),
    "unchanged": (record(), [], ["changed settings"]),
    "no classes": (record(chosen=protocol(logits="")), ["no Inception Score: digits-cnn"], []),
    "classes": (record(), [], ["no Inception Score"]),
    "real 2 of the training split": (record(chosen=protocol(split_2="train")), ["real 2 is from the train split"], []),
    "real 2 of the test split": (record(), [], ["split, because"]),
    "no Inception": (record(), ["digits-cnn, resize clean, NOT Inception"], []),
    "Inception": (record(chosen=INCEPTION), ["features: inception,"], ["NOT Inception"]),
    "more images than features": (record(), [BIASED], ["is mostly bias"]),
    "fewer": (record(chosen=INCEPTION), ["the plain FID is mostly bias"], [BIASED]),
    "weights": (record(warnings=OTHER), OTHER[:1], OTHER[1:]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_table_says_what_holds_of_its_run_and_nothing_else(case):
    made, there, absent = CASES[case]
    told = notes(made)
    assert [words for words in there if words not in told] == []
    assert [words for words in absent if words in told] == []


def test_a_comparison_of_runs_names_the_budget_of_each():
    (table,) = comparison_tables([record(), record(model="vae", training=None)])
    told = [note for note in table.notes if "budget:" in note]
    assert len(told) == 2
    assert "not known" in told[0] + told[1]


# ----- copied images

HONEST = {
    "near_duplicates": 0.01, "near_duplicates_expected": 0.01, "near_duplicates_p": 0.5, "train_share": 0.7,
    "train_share_expected": 0.7, "train_share_p": 0.5, "held_out_p": 0.5, "exact_copies": 0.0,
    "exact_copies_expected": 0.0, "near_copies": 0.01, "near_copies_expected": 0.01, "near_copies_p": 0.5,
    "held_out_copies": 0.0,
}  # fmt: skip
SURE = 1e-7


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({"exact_copies": 0.02}, "are training images, to the pixel"),
        ({"exact_copies": 0.01}, None),
        ({"exact_copies": 0.02, "exact_copies_expected": 0.005}, None),
        ({"near_copies": 0.05, "near_copies_p": SURE}, "by their pixels"),
        ({"near_copies": 0.05, "near_copies_p": 2e-6}, None),
        ({"near_copies": 0.02, "near_copies_p": SURE}, None),
        ({"near_duplicates": 0.05, "near_duplicates_p": SURE}, "by their features"),
        ({"near_duplicates": 0.05, "near_duplicates_p": 2e-6}, None),
        ({"near_duplicates": 0.02, "near_duplicates_p": SURE}, None),
        ({"train_share": 0.8, "train_share_p": SURE}, "is a training one"),
        ({"train_share": 0.8}, None),
        ({"train_share": 0.77, "train_share_p": SURE}, None),
        ({"train_share": 0.5, "held_out_p": SURE}, "is a held-out one"),
        ({"train_share": 0.6, "held_out_p": SURE}, None),
        ({"train_share": 0.5}, None),
        ({"held_out_copies": 0.02}, "are held-out images, to the pixel"),
        ({"held_out_copies": 0.01}, None),
    ],
)
def test_an_entry_is_flagged_for_each_reason_alone_and_not_at_its_bound(changes, said):
    found = flags({**HONEST, **changes}, {})
    assert len(found) == (said is not None)
    assert said is None or said in found[0]


def test_what_is_not_known_is_no_reason_for_a_flag():
    assert flags({}, {}) == ()
    assert flags(dict.fromkeys(HONEST), {}) == ()

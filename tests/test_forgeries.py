"""Entries forged by somebody who writes all hashes anew and raises verified.json by hand: each is named, none believed.

They are committed ones of schema 1, with no features beside them: scores are held against bounds. Those with features
are in test_forged_features.py.
"""

import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from entry_forging import forge, said
from PIL import Image

from bench.leaderboard.board import read_board
from bench.leaderboard.entry_places import beside, entry_path
from bench.submissions._manifest import manifest_text, read_manifest
from bench.submissions.levels import verify_one

COMMITTED = Path(__file__).resolve().parent.parent / "results" / "earlier"  # measured by earlier rules
NAMES = ("dcgan", "vae", "train-copies")
RESULTS = Path("results")
OLD = entry_path(RESULTS, "digits", "dcgan")
COPIES = entry_path(RESULTS, "digits", "train-copies")


@pytest.fixture
def committed(tmp_path, monkeypatch):
    """Three committed entries, of schema 1, as the results folder of the current one."""
    monkeypatch.chdir(tmp_path)
    for place in (Path("tracks"), Path("submissions/digits")):
        names = ("digits",) if place.name == "tracks" else NAMES
        (RESULTS / place).mkdir(parents=True)
        for name in names:
            shutil.copy(COMMITTED / place / f"{name}.json", RESULTS / place)
            shutil.copytree(COMMITTED / place / name, RESULTS / place / name)


def scores(metric, **changes):
    return lambda values: values["scores"][metric].update(changes)


def fid(**changes):
    """The corrected FID with an interval that is as wide as its standard deviation."""

    def change(values):
        found = values["scores"]["fid"]
        reach = found["fid_high"] - found["fid_corrected"]
        found.update(changes)
        reach *= changes.get("wider", 1)
        found.pop("wider", None)
        found.update(fid_low=found["fid_corrected"] - reach, fid_high=found["fid_corrected"] + reach)

    return change


def field(part, **changes):
    return lambda values: values[part].update(changes)


def kid(value, half):
    sd = half / 1.959963984540054
    return scores("kid", kid=value, kid_sd=sd, kid_low=value - half, kid_high=value + half)


# ----- schema 1: numbers of committed entries


FORGERIES = {
    "rank 1 by hand": (fid(fid_corrected=0.05), "the moments and the landmarks allow"),
    "a corrected FID above the plain one": (fid(fid_corrected=1.3), "the moments and the landmarks allow"),
    "a standard deviation that is too small": (fid(fid_sd=0.05, wider=0.35), "the influences give"),
    "a standard deviation that is too large": (fid(fid_sd=0.4, wider=3), "the influences give"),
    "an interval without width": (fid(fid_sd=0.0, wider=0), "fid_sd is 0; the influences give"),
    "a KID of -1000": (kid(-1000.0, 0.006), "the moments give at least"),
    "a KID of -1000 with room": (kid(-1000.0, 1000.0), "kid_sd is 510.213; the influences give"),
    "a KID of 0": (kid(0.0, 0.002), "the moments give at least"),
    "a lower end of the IS": (scores("inception-score", inception_score_low=3.7), "value and standard error give 3.49"),
    "an upper end of the IS": (scores("inception-score", inception_score_high=3.8), "give at least 4.00"),
    "a corrected IS": (
        scores("inception-score", inception_score_corrected=9.0),
        "for 3.70746 uncorrected it must be in",
    ),
    "density without precision": (scores("prdc", precision=0.0), "density 0.54 and precision 0 exclude each other"),
    "coverage without density": (scores("prdc", density=0.0), "density 0 and coverage 0.724 exclude each other"),
    "exact copies without near ones": (scores("copies", exact_copies=0.5), "an exact copy is a near one"),
    "exact copies without a remark": (
        scores("copies", exact_copies=0.004, near_copies=0.004),
        "exact_copies is 0.004, without the remark 'copies-of-train'",
    ),
    "repeats that the manifest does not have": (scores("copies", duplicates=0.004), "0 of the lines of"),
    "a near-copy probability": (scores("copies", near_copies_p=0.3), "no number of independent images gives it"),
    "a near-duplicate probability": (
        scores("memorisation", near_duplicates=0.2, near_duplicates_p=0.123),
        "near_duplicates_p is 0.123; no number of independent images gives it",
    ),
    "an expectation that is not a count": (
        scores("copies", near_copies_expected=0.5005),
        "a whole number, from 1, of 501",
    ),
    "a train-share probability": (scores("memorisation", train_share_p=0.9), "do not give the probabilities"),
    "a train share on the other side": (scores("memorisation", train_share_z=-0.4), "on the other side"),
    "another share expected": (scores("memorisation", train_share_expected=0.9), "1297 of 1797 are"),
    "a C_T beyond its range": (scores("memorisation", c_t=99.0), "for these counts it is within"),
    "a day that is none": (lambda values: values.update(created_utc="2026-19-39T29:59:69Z"), "is not a time such as"),
    "a day to come": (lambda values: values.update(created_utc="2999-01-01T00:00:00Z"), "has not come yet"),
    "a day before the project": (lambda values: values.update(created_utc="2020-01-01T00:00:00Z"), "before the first"),
    "a day before its track": (
        lambda values: values.update(created_utc="2026-11-24T19:00:00Z"),
        "before its track was opened",
    ),
    "an earlier entry that is younger": (
        lambda values: values.update(earlier=[{"sha256": "0" * 64, "created_utc": "2026-11-26T00:00:00Z"}]),
        "an earlier entry is younger",
    ),
    "steps below 0": (field("origin", training_steps=-5), "training_steps is -5"),
    "no seed": (field("origin", training_seed=None), "training_seed is None"),
    "a model that does not exist": (field("origin", model="dcgam"), "this version has no model 'dcgam'"),
    "no source": (field("origin", sha256=""), "the sha256 of its source is ''"),
    "another seed of the noise": (field("origin", sampling_seed=7), "sampling_seed is 7; expected 0"),
    "a control that is none": (field("origin", control=True), "control is True, and the model is 'dcgan'"),
    "images with a model": (field("origin", kind="npz"), "expected none of npz"),
    "a digest of zeros": (field("manifest", digest="0" * 64), "the digest of the entry is not that of its images"),
    "another mode": (field("manifest", mode="RGB"), "the mode is 'RGB'; images without files are L"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_numbers_and_facts_that_exclude_each_other_are_named(committed, name):
    change, expected = FORGERIES[name]
    forge(OLD, change)
    assert expected in said(OLD)


def test_the_board_shows_no_level_of_what_was_found_forged(committed):
    forge(OLD, FORGERIES["rank 1 by hand"][0])
    said(OLD)
    board = read_board(RESULTS, "digits")
    assert {one.entry.slug: one.level_word for one in (*board.ranked, *board.controls)} == {
        "dcgan": "not verified",
        "vae": "in bounds; claimed: regenerated",
        "train-copies": "in bounds; claimed: regenerated",
    }


def test_copies_and_repeats_cannot_be_taken_out_of_the_scores(committed):
    honest = {"exact_copies": 0.0, "near_copies": 0.0, "near_copies_p": 1.0, "duplicates": 0.0}
    forge(COPIES, lambda values: (values["scores"]["copies"].update(honest), values.update(remarks=[])))
    assert "copies: duplicates is 0, and 0.12 of the lines of manifest.sha256 repeat another" in said(COPIES)


def test_equal_lines_of_a_manifest_are_repeats(committed):
    hashes = [read_manifest(beside(OLD) / "manifest.sha256")[0][1]] * 250
    text = manifest_text([str(number) for number in range(250)], hashes)
    forge(OLD, lambda values: None, {"manifest.sha256": text.encode()})
    assert "duplicates is 0, and 0.996 of the lines" in said(OLD)


def test_the_level_of_images_cannot_be_that_of_a_model(committed):
    nothing = dict.fromkeys(("settings", "training_seed", "training_steps", "sampling_seed"))
    images = {"kind": "npz", "sha256": "", "model": "", "reference": False, **nothing}
    forge(OLD, field("origin", **images))
    assert "claims that images were made again, of an entry that is images alone" in said(OLD)
    assert verify_one(OLD, RESULTS).level == 1


# ----- schema 1: files


def png(image):
    data = BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def preview():
    return (beside(OLD) / "preview.png").read_bytes()


def influence(factor):
    values = np.load(beside(OLD) / "influence.npy") * np.float32(factor)
    np.save("other.npy", values)
    return {"influence.npy": Path("other.npy").read_bytes()}


def of(slug, name):
    return {name: (beside(entry_path(RESULTS, "digits", slug)) / name).read_bytes()}


FILES = {
    "no influence": (lambda: influence(0), "the influences give 0 to 0"),
    "influences of 1e30": (lambda: influence(1e30), "the influences give"),
    "influences of another entry": (lambda: of("vae", "influence.npy"), "the influences give"),
    "moments of another entry": (
        lambda: of("vae", "moments.npz"),
        "is that of the entry 'vae', whose images are others",
    ),
    "the preview of another entry": (lambda: of("vae", "preview.png"), "preview.png does not show the first images"),
    "neighbours of another entry": (lambda: of("vae", "neighbours.png"), "shows images that are none of the entry's"),
    "a preview that is a page": (lambda: {"preview.png": b"<script>alert(1)</script>"}, "is not a PNG"),
    "a page behind the preview": (
        lambda: {"preview.png": preview() + b"<html></html>"},
        "it holds more than a picture",
    ),
    "a preview of another size": (
        lambda: {"preview.png": png(Image.new("RGB", (64, 64)))},
        "is a picture of 64x64; expected 404x404",
    ),
    "a preview that is cut": (lambda: {"preview.png": preview()[:-20]}, "is not a PNG"),
    "a preview of one colour": (lambda: {"preview.png": png(Image.new("RGB", (404, 404)))}, "is not 36 images"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_do_not_belong_together_are_named(committed, name):
    files, expected = FILES[name]
    forge(OLD, lambda values: None, files())
    assert expected in said(OLD)


def test_a_picture_cannot_be_left_out_alone(committed):
    (beside(OLD) / "preview.png").unlink()
    forge(OLD, lambda values: values["files"].pop("preview.png"))
    assert "expected both or none" in said(OLD)

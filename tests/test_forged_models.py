"""Level 3 holds all of level 2: what was forged is never called regenerated, also where level 1 would not see it."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from entry_forging import RUN, TRACK, edited, forge, here, submitted  # noqa: F401 (fixtures)

from bench.leaderboard.entries import read_entry
from bench.leaderboard.entry_places import beside, entry_path, track_path
from bench.leaderboard.evidence import read_evidence, read_real_evidence
from bench.leaderboard.moments import read_moments
from bench.storage.files import npy_bytes, npz_bytes
from bench.storage.reading import file_sha256
from bench.submissions import _recomputing
from bench.submissions._recomputing import verify_again
from bench.submissions.levels import Source, _open
from bench.submissions.material import How
from bench.submissions.verifying import Verdict

pytestmark = pytest.mark.usefixtures("here")
TINY = entry_path(Path("my-results"), "digits", "tiny")
FOLDER = beside(TINY)


@cache
def again():
    """The track opened and the model sampled, once for all tests."""
    measure = {"weights_file": None, "offline": True, "device": "cpu", "workers": 1}
    return _open(read_entry(TINY), Source(None, Path(RUN), How(), measure, workers=1))


@pytest.fixture(autouse=True)
def measured_once(monkeypatch):
    """The same images give the same numbers: they are measured once."""
    for name in ("evaluate_images", "landmarks_of", "kept_of"):
        monkeypatch.setattr(_recomputing, name, once(name))


@cache
def once(name):
    function, found = getattr(_recomputing, name), []

    def measure(*arguments):
        if not found:
            found.append(function(*arguments))
        return found[0]

    return measure


def said():
    """What level 3 finds in an entry in which level 1 has found nothing."""
    verdict = verify_again(Verdict(TINY, 1, (), read_entry(TINY)), again())
    assert (verdict.level == 3) == (not verdict.problems)
    return [problem.what for problem in verdict.problems]


def array(name, change):
    """A file of one array, changed."""
    return lambda: {name: npy_bytes(change(np.load(FOLDER / name)))}


def moments():
    found = read_moments(FOLDER / "moments.npz")
    return {"moments.npz": npz_bytes(replace(found, mean=found.mean * 1.01).arrays())}


def features(**changes):
    def files():
        found = read_evidence(FOLDER / "features.npz", read_entry(TINY).rules)
        return {"features.npz": npz_bytes(found.arrays() | {n: change(found) for n, change in changes.items()})}

    return files


def picture(name, other):
    return lambda: {name: (beside(entry_path(Path("my-results"), "digits", "blends")) / other).read_bytes()}


FORGED = {
    "influence x 0": (array("influence.npy", lambda one: one * 0), "influence.npy is not what the images give"),
    "influence x 1e30": (array("influence.npy", lambda one: one * 1e30), "influence.npy is not what the images give"),
    "moments": (moments, "moments.npz is not what the images give"),
    "features": (features(features=lambda one: one.features * 1.01), "features.npz: features is not what the images"),
    "logits": (features(logits=lambda one: one.logits + 1), "features.npz: logits is not what the images give"),
    "pixel hashes": (features(pixels=lambda one: one.pixels[::-1].copy()), "features.npz: pixels is not what"),
    "preview": (picture("preview.png", "preview.png"), "preview.png does not show the images"),
    "neighbours": (picture("neighbours.png", "neighbours.png"), "neighbours.png does not show the images nearest"),
}
FIELDS = {
    "digest": ("manifest", {"digest": "0" * 64}, "manifest: digest is '0000"),
    "mode": ("manifest", {"mode": "RGB"}, "manifest: mode is 'RGB', the images give 'L'"),
    "width": ("manifest", {"width": 64}, "manifest: width is 64, the images give 32"),
    "root": ("manifest", {"merkle_root": "1" * 64}, "manifest: merkle_root is '1111"),
    "steps": ("origin", {"training_steps": 9_000}, "training_steps is 9000 in the entry, 2 in the file"),
}


def test_an_entry_as_it_was_submitted_is_regenerated():
    assert said() == []


@pytest.mark.parametrize("name", FORGED)
def test_a_file_that_the_model_does_not_give_is_named(name):
    files, expected = FORGED[name]
    forge(TINY, lambda values: None, files())
    assert any(expected in what for what in said())


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_the_model_does_not_give_is_named(name):
    part, changes, expected = FIELDS[name]
    forge(TINY, lambda values: values[part].update(changes))
    assert any(expected in what for what in said())


def test_a_score_or_a_remark_that_the_model_does_not_give_is_named():
    def change(values):
        values["scores"]["kid"]["kid"] *= 2
        values["remarks"] = [{"level": "warning", "code": "lossy", "what": "250 files are JPEG"}]

    forge(TINY, change)
    found = said()
    assert any(what.startswith("kid: kid is") for what in found)
    assert "the entry has the remark 'lossy', which its images do not give" in found


def test_a_picture_that_was_left_out_is_named():
    (FOLDER / "preview.png").unlink()
    forge(TINY, lambda values: values["files"].pop("preview.png"))
    assert "the entry has no preview.png, and its images may be published" in said()


def test_landmarks_that_the_real_images_do_not_give_are_named():
    edited(TRACK, lambda values: values["landmarks"]["noise"]["kid"].update(kid=0.001))
    (what,) = said()
    assert what.startswith("my-results/tracks/digits.json: noise: kid: kid is 0.001, the images give")


def test_features_of_real_images_that_are_not_theirs_are_named():
    place = beside(TRACK) / "features.npz"
    arrays = dict(read_real_evidence(place, read_entry(TINY).rules))
    arrays["train"] = arrays["train"] + np.float32(0.5)
    place.write_bytes(npz_bytes(arrays))
    edited(TRACK, lambda values: values["files"].update({"features.npz": file_sha256(place)}))
    assert said() == ["my-results/tracks/digits/features.npz: train is not what the images give"]


def test_a_track_of_schema_1_is_given_what_it_lacks_by_the_next_submission():
    from bench.leaderboard.open_tracks import record_track

    path = track_path(Path("my-results"), "digits")
    before = (beside(path) / "real-1.npz").read_bytes()
    (beside(path) / "features.npz").unlink()
    edited(path, lambda values: (values.update(schema=1), values["files"].pop("features.npz")))
    record = record_track(again().opened, Path("my-results"))
    assert record.schema == 2
    assert set(json.loads(path.read_text())["files"]) == {"real-1.npz", "features.npz"}
    assert (beside(path) / "real-1.npz").read_bytes() == before
    assert said() == []

"""The small rules of submitting and verifying, called directly: each side of each, at its limit and beyond."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from leaderboard_entries import entry

from bench.leaderboard.entries import Earlier, Manifest, Origin, Remark
from bench.sources import open_source
from bench.sources.survey import Corrupt, Look, Survey, survey
from bench.sources.values import Extremes
from bench.storage.provenance import time_of
from bench.submissions._beside import _repeats, _sizes
from bench.submissions._checks import Real, check, remarks
from bench.submissions._facts import facts
from bench.submissions._isolation import NOTHING, UNSHARE
from bench.submissions._same_images import _by_pixels
from bench.submissions.material import Material, open_material
from bench.submissions.submitting import manifest_of
from metrics.errors import InputError

TRACK = SimpleNamespace(name="digits", count=5)
FULL = Extremes(0, 255)
BASE = entry()


def look(number=0, size=(8, 8), grey=True, sha=None):
    return Look(f"{number}.png", size, sha or f"pixels{number}", 50.0, FULL, grey, f"file{number}")


def looks(count=5, **changes):
    return [look(number, **changes) for number in range(count)]


def checked(images, corrupt=(), shape=(1, 8, 8), real=(), material=None):
    seen = Survey("mine", "folder", tuple(images), tuple(corrupt))
    return check(material or Material(np.zeros(1), Origin("npz")), seen, TRACK, shape, real)


def of(found, code):
    return [(one.level, one.what, one.remedy, one.count, one.files) for one in found if one.code == code]


# ----- checks


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        (5, 0, None),
        (4, 1, None),
        (4, 0, ("4 images; the track digits asks for 5", "sample 1 more", 4)),
        (3, 3, ("6 images; the track digits asks for 5", "leave out the last ones that were made", 6)),
    ],
)
def test_readable_and_corrupt_files_count_together(good, bad, expected):
    found = of(checked(looks(good), [Corrupt(f"bad{one}", "is empty") for one in range(bad)]), "count")
    if expected is None:
        assert found == []
    else:
        what, remedy, count = expected
        assert found == [("error", what, f"{remedy}, never chosen by how they look", count, ())]


def test_images_of_another_size_are_named_with_the_first_of_their_sizes():
    odd = [look(number, (8 + number, 9)) for number in range(6)]
    ((level, what, _, count, files),) = of(checked([look(9), *odd]), "size")
    assert (level, count, files) == ("error", 6, ("0.png", "1.png", "2.png", "3.png", "4.png"))
    assert what == "6 images are 9x10, 9x11, 9x12, 9x13, 9x8, ...; the track digits asks for 8x8"
    ((_, what, _, _, _),) = of(checked([look(9), *odd[:5]]), "size")
    assert what == "5 images are 9x10, 9x11, 9x12, 9x8, 9x9; the track digits asks for 8x8"
    assert of(checked(looks()), "size") == []


def test_images_that_cannot_be_read_have_no_colours():
    broken = [Corrupt(f"{number}.png", "is empty") for number in range(5)]
    for channels in (1, 3):
        assert {one.code for one in checked([], broken, (channels, 8, 8))} == {"corrupt"}


def test_an_image_that_equals_several_real_ones_counts_once_for_the_first():
    real = [Real("train", "the train split", frozenset({"pixels0", "pixels1"})),
            Real("test", "the test split", frozenset({"pixels1", "pixels2"})),
            Real("real-1", "real 1", frozenset({"pixels2", "pixels0"}))]  # fmt: skip
    found = checked(looks(), real=real)
    said = [(one.code, one.what, one.files) for one in found if one.code.startswith("copies")]
    assert said == [
        ("copies-of-train", "2 of 5 images equal, in every pixel, images of the train split", ("0.png", "1.png")),
        ("copies-of-test", "1 of 5 images equal, in every pixel, images of the test split", ("2.png",)),
    ]


def test_a_link_is_found_in_the_file_or_in_a_folder_above_it(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "0.png").write_bytes(b"x")
    (tmp_path / "inner" / "1.png").symlink_to(tmp_path / "0.png")
    (tmp_path / "linked").symlink_to(tmp_path / "inner")
    (tmp_path / "inner" / "2.png").write_bytes(b"x")
    folder = Material(tmp_path, Origin("folder"))
    seen = [replace(look(), key=key) for key in ("0.png", "inner/2.png")]
    assert of(checked(seen, material=folder), "links") == []
    ((level, what, _, count, files),) = of(
        checked([*seen, replace(look(), key="inner/1.png")], [Corrupt("linked/2.png", "is empty")], material=folder),
        "links",
    )
    assert (level, count, files) == ("error", 2, ("inner/1.png", "linked/2.png"))
    assert what == "2 images are links, or in folders that are links: they can change later"
    assert of(checked([replace(look(), key="inner/1.png")], material=Material(tmp_path / "0.png", Origin("zip"))),
              "links") == []  # fmt: skip


def test_how_images_were_made_is_remarked():
    material = Material(np.zeros(1), Origin("onnx"), ("some were clipped",), UNSHARE)
    found = checked(looks(), material=material)
    assert of(found, "sampling") == [("warning", "some were clipped", "check that you want this", 0, ())]
    assert of(found, "isolation") == [(UNSHARE.level, UNSHARE.words, UNSHARE.remedy, 0, ())]
    assert {one.code for one in checked(looks())} == set()


def test_the_gravest_findings_come_first_and_errors_are_no_remarks():
    real = [Real("train", "the train split", frozenset({"pixels0"}))]
    found = checked(looks(4), real=real, material=Material(np.zeros(1), Origin("onnx"), ("clipped",), NOTHING))
    levels = [one.level for one in found]
    assert levels == sorted(levels, key=["error", "warning", "info"].index)
    assert {one.code for one in found} - {one.code for one in remarks(found)} == {"count"}


def test_a_set_that_cannot_be_opened_is_judged_by_nothing_else():
    found = check(Material(Path("x"), Origin("npz")), Survey("x", "unusable", unusable="no"), TRACK, (1, 8, 8), [])
    assert [one.code for one in found] == ["unusable"]


@pytest.mark.parametrize(("kind", "refused"), [("x.npy", True), ("x.onnx", True)])
def test_reference_marks_checkpoints_alone(tmp_path, kind, refused):
    (tmp_path / kind).write_bytes(b"")
    with pytest.raises(InputError, match="is not a checkpoint; leave it out" if refused else ""):
        open_material(tmp_path / kind, TRACK, None, None, reference=True)


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_images_without_files_have_the_mode_of_their_pixels(channels, mode):
    pixels = np.random.RandomState(0).randint(0, 256, (3, channels, 4, 6)).astype(np.uint8)
    images = open_source(pixels)
    manifest = manifest_of(survey(pixels, 1, None, None), images)
    assert (manifest.count, manifest.width, manifest.height, manifest.mode) == (3, 6, 4, mode)


# ----- facts


def with_origin(**changes):
    base = {"kind": "checkpoint", "sha256": "a" * 64, "model": "dcgan", "settings": {}, "training_seed": 0,
            "training_steps": 5, "sampling_seed": BASE.rules.protocol.sampling_seed}  # fmt: skip
    return replace(BASE, origin=Origin(**base | changes), created_utc="2026-11-25T00:00:00Z", remarks=(), earlier=())


IMAGES = {"kind": "npz", "sha256": "", "model": "", "settings": None, "training_seed": None, "training_steps": None,
          "sampling_seed": None}  # fmt: skip
FROM = "expected none, or of a checkpoint hub:OWNER/NAME@COMMIT or a model's name"
ONNX = IMAGES | {"kind": "onnx", "sha256": "a" * 64, "settings": {}, "sampling_seed": 0}


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ({}, ()),
        (IMAGES, ()),
        (ONNX, ()),
        (ONNX | {"kind": "torchscript"}, ()),
        ({"reference": True}, ()),
        ({"model": "train-copies", "control": True}, ()),
        ({"training_seed": 2**64 - 1}, ()),
        ({"sha256": "a" * 63}, (f"the sha256 of its source is {'a' * 63!r}; expected one of checkpoint",)),
        (IMAGES | {"sha256": "x"}, ("the sha256 of its source is 'x'; expected none of npz",)),
        (ONNX | {"sha256": ""}, ("the sha256 of its source is ''; expected one of onnx",)),
        ({"sampling_seed": None}, ("sampling_seed is None; expected 0",)),
        (IMAGES | {"sampling_seed": 0}, ("sampling_seed is 0; expected None",)),
        ({"settings": None}, ("settings are missing; expected some of checkpoint",)),
        (IMAGES | {"settings": {}}, ("settings are there; expected none of npz",)),
        ({"control": True}, ("control is True, and the model is 'dcgan'",)),
        ({"model": "train-copies"}, ("control is False, and the model is 'train-copies'",)),
        (IMAGES | {"reference": True}, ("reference marks models of this project, and this is npz",)),
        (ONNX | {"model": "dcgan"}, ("model: expected none of onnx",)),
        (IMAGES | {"training_seed": 0, "training_steps": 0}, ("training_seed, training_steps: expected none of npz",)),
        ({"model": "dcgam"}, ("this version has no model 'dcgam'; `bench list` names them",)),
        ({"training_seed": 2**64}, (f"training_seed is {2**64}; expected a whole number from 0",)),
        ({"training_steps": -1}, ("training_steps is -1; expected a whole number from 0",)),
        ({"training_steps": 0}, ()),
        ({"parameters": -1}, ("parameters is -1; expected 0 or more",)),
        ({"parameters": 9, "training_seconds": 0.0, "seconds_per_image": 1e-4}, ()),
        (IMAGES | {"seconds_per_image": 1.0}, ("seconds_per_image: expected none of npz",)),
        ({"train_split": "train:44"}, ()),
        (ONNX | {"train_split": "train:44"}, ("train_split: expected none of onnx",)),
        ({"training_seed": None}, ("training_seed is None; expected a whole number from 0",)),
        ({"source": "dcgan-digits"}, ()),
        ({"source": f"hub:me/mine@{'a' * 40}"}, ()),
        ({"source": "hub:me/mine@main"}, (f"it is from 'hub:me/mine@main'; {FROM}",)),
        (ONNX | {"source": "dcgan-digits"}, (f"it is from 'dcgan-digits'; {FROM}",)),
    ],
)  # fmt: skip
def test_what_an_entry_says_of_its_origin_fits_together(origin, said):
    found = facts(with_origin(**origin), "2026-11-24T00:00:00Z")
    assert tuple(one.what for one in found if one.code == "origin") == said


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (("2026-11-24T00:00:00Z",), ()),  # that of the track
        (("2026-11-24T00:00:00Z", "2026-11-24T00:00:00Z"), ()),
        (("2026-11-23T23:59:59Z",), ("it was made 2026-11-23T23:59:59Z, before its track",)),
        (("2026-11-22T00:00:00Z", "2026-11-25T00:00:00Z"), ()),
        (("2026-11-21T23:59:59Z", "2026-11-25T00:00:00Z"), ("2026-11-21T23:59:59Z is before the first entry",)),
        (("2026-11-25T00:00:01Z", "2026-11-25T00:00:00Z"), ("an earlier entry is younger than this one",)),
        (("2026-11-25", "2026-11-24T00:00:00Z"), ("'2026-11-25' is not a time such as",)),
        (("2026-11-25T00:00:00Z", "2999-01-01T00:00:00Z"), ("2999-01-01T00:00:00Z has not come yet",)),
    ],
)
def test_times_lie_in_order_between_the_first_entry_and_now(times, said):
    *before, last = times
    made = replace(with_origin(), created_utc=last, earlier=tuple(Earlier("0" * 64, one) for one in before))
    found = [one.what for one in facts(made, "2026-11-24T00:00:00Z") if one.code == "time"]
    assert [what[: len(start)] for what, start in zip(found, said, strict=True)] == list(said)


@pytest.mark.parametrize("text", ["2026-1-31T12:00:00Z", "2026-02-30T12:00:00Z", "", "2026-01-31T12:00:00z0"])
def test_what_is_no_time_is_none(text):
    assert time_of(text) is None
    assert time_of("2026-01-31T12:00:00Z").isoformat() == "2026-01-31T12:00:00+00:00"


@pytest.mark.parametrize(
    ("copies", "codes", "said"),
    [
        ({}, (), ()),
        ({"exact_copies": 0.0, "duplicates": 0.0}, (), ()),
        ({"exact_copies": 0.5, "duplicates": 0.5}, ("copies-of-train", "byte-duplicates"), ()),
        ({"duplicates": 0.5}, ("pixel-duplicates",), ()),
        ({"exact_copies": 0.5}, (), ("copies: exact_copies is 0.5, without the remark 'copies-of-train'",)),
        ({"exact_copies": 0.0}, ("copies-of-train",), (
            "copies: exact_copies is 0, with the remark 'copies-of-train'",)),
        ({"duplicates": 0.5}, (), (
            "copies: duplicates is 0.5, without the remark 'byte-duplicates' or 'pixel-duplicates'",)),
        ({"duplicates": 0.0}, ("pixel-duplicates",), ("copies: duplicates is 0, with the remark 'pixel-duplicates'",)),
        ({}, ("lossy", "lossy"), ("it has one remark twice",)),
        ({}, ("copies-of-train",), ()),
    ],
)  # fmt: skip
def test_remarks_of_copies_stand_beside_shares_of_copies(copies, codes, said):
    made = replace(with_origin(), scores={"copies": copies},
                   remarks=tuple(Remark("warning", code, "5 images") for code in codes))  # fmt: skip
    found = facts(made, "2026-11-24T00:00:00Z")
    assert tuple(one.what for one in found if one.code == "remarks") == said


def test_the_slug_is_that_of_the_name():
    assert [one.code for one in facts(with_origin(), "2026-11-24T00:00:00Z")] == []
    (found,) = facts(replace(with_origin(), slug="another"), "2026-11-24T00:00:00Z")
    assert (found.code, found.what[:20]) == ("name", "the slug 'another' i")


# ----- beside an entry


@pytest.mark.parametrize(
    ("kind", "duplicates", "wrong"),
    [
        ("npz", 0.5, False), ("npz", 0.25, True), ("npz", 0.75, True), ("npz", None, False),
        ("folder", 0.5, False), ("folder", 0.25, True), ("folder", 0.75, False),  # equal pixels in other bytes
        ("zip", 0.5 - 1e-10, False), ("zip", 0.5 - 1e-8, True), ("npz", 0.5 + 1e-10, False),
    ],
)  # fmt: skip
def test_lines_that_repeat_are_images_that_repeat(kind, duplicates, wrong):
    made = replace(BASE, origin=Origin(kind), scores={"copies": {"duplicates": duplicates}})
    found = [one.what for one in _repeats(made, ["a", "a", "a", "b"])]
    said = f"copies: duplicates is {duplicates or 0:.6g}, and 0.5 of the lines of manifest.sha256 repeat another"
    assert found == ([said] if wrong else [])
    assert list(_repeats(replace(made, scores={"copies": {"duplicates": 0.0}}), [])) == []


def test_size_count_and_mode_of_a_manifest_are_those_of_its_track():
    channels, height, width = BASE.rules.protocol.shape
    (count,) = BASE.rules.protocol.generated
    good = Manifest(count, "", "", width, height, "L" if channels == 1 else "RGB")
    other = "RGB" if channels == 1 else "L"

    def said(kind="npz", codes=(), **changes):
        made = replace(BASE, origin=Origin(kind), manifest=replace(good, **changes),
                       remarks=tuple(Remark("warning", code, "") for code in codes))  # fmt: skip
        return [one.what for one in _sizes(made)]

    assert said() == said("folder", mode=other) == said(codes=("grey",), mode="L") == []
    for size in ({"width": width + 1}, {"height": height + 1}):
        (what,) = said(**size)
        assert what.endswith(f"; the track asks for {width}x{height}")
    assert said(count=count - 1) == [f"{count - 1} images; the track asks for {count}"]
    assert len(said(mode=other)) == len(said("onnx", mode=other)) == 1


@pytest.mark.parametrize(
    ("hashes", "names"),
    [
        (("a", "x", "c"), ["0", "1", "2"]),  # another image in the place of one that is gone
        (("a", "b", "c", "x"), ["0", "1", "2", "key-3 (new)"]),
        (("b", "x", "c"), ["1", "key-1 (new)", "2"]),  # what was in this place is in another one
        (("a", "c"), ["0", "2"]),
    ],
)
def test_images_without_names_have_the_number_that_they_are_listed_under(hashes, names):
    images = [SimpleNamespace(pixels_sha256=one, key=f"key-{place}") for place, one in enumerate(hashes)]
    checked = SimpleNamespace(looked=SimpleNamespace(images=images))
    assert _by_pixels([("0", "a"), ("1", "b"), ("2", "c")], checked) == list(zip(names, hashes, strict=True))

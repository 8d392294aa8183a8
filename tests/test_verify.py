"""`bench verify`: every manipulation is found and named; three levels; exit codes for CI."""

import json
import os
import shutil
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from entry_forging import (  # noqa: F401 (fixtures)
    BESIDE,
    IMAGES,
    PATH,
    RUN,
    TRACK,
    edited,
    forged,
    here,
    problems,
    raise_level,
    submitted,
    verified,
)
from PIL import Image
from submitted import bench, good, save
from test_generators import onnx_generator
from tiny_runs import undrawn

from bench.leaderboard.doubts import doubts
from bench.leaderboard.entries import read_entry, read_verified, write_entry
from bench.leaderboard.entry_places import beside, entry_paths
from bench.leaderboard.moments import Distance
from bench.measuring.copies import METRIC as COPIES
from bench.measuring.evaluation import array_source
from bench.submissions._comparing import scores_differ
from bench.submissions._manifest import changes, manifest_text, read_manifest
from bench.submissions._values import fits_moments, possible
from metrics import memorisation
from metrics.arithmetic.chance import more_often
from metrics.errors import InputError
from metrics.types import Counts

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.usefixtures("here")


# ----- level 1


def test_what_was_submitted_is_consistent():
    expected = {"path": str(PATH), "level": 1, "claimed": 1, "problems": [], "doubts": [], "missed": 0, "notes": []}
    assert verified(PATH) == [expected]
    assert read_verified(PATH) == 1
    assert verified("digits/blends")[0]["level"] == 1
    assert "consistent" in good("verify", "digits/blends").stdout


def test_a_whole_results_folder_is_verified_at_once():
    assert [(Path(one["path"]).stem, one["level"]) for one in verified("--all")] == [("blends", 1), ("tiny", 1)]
    edited(PATH, lambda values: values["scores"]["prdc"].update(precision=0.1234))
    found = {Path(one["path"]).stem: one["level"] for one in verified("--all", code=1)}
    assert found == {"blends": 0, "tiny": 1}
    assert "2 entries, 1 with problems" in bench("verify", "--all").stdout


@pytest.mark.parametrize(
    ("metric", "changes", "said"),
    [
        ("fid", {"fid": 0.5}, "fid is 0.5, its terms add up to"),
        ("fid", {"fid": 1.0, "mean_term": 0.4, "covariance_term": 0.6}, "mean_term is 0.4, the moments give"),
        ("fid", {"fid_corrected": 0.1}, "fid_corrected"),
        ("fid", {"fid_corrected": 0.1, "fid_low": -0.05, "fid_high": 0.25}, "narrower than its standard deviation"),
        ("fid", {"n_b": 251}, "n_b is 251, the set has 250 images"),
        ("inception-score", {"inception_score": 11.0}, "it must be in [1, 10]"),
        ("inception-score", {"inception_score": 0.5}, "it must be in [1, 10]"),
        ("inception-score", {"inception_score_low": 9.9}, "outside of its interval"),
        ("kid", {"kid": 1.0}, "is outside of its interval"),
        ("prdc", {"precision": 0.9999}, "not a whole number of 250 images"),
        ("prdc", {"recall": 1.5}, "it is a share, in [0, 1]"),
        ("prdc", {"density": 51.0}, "density is 51; it must be in [0, 50]"),
        ("prdc", {"coverage": None}, "coverage is missing"),
        ("prdc", {"cover": 0.5}, "cover is not a number of it"),
        ("memorisation", {"authpct": 99.99}, "not a whole number of 250 images"),
        ("memorisation", {"n_train": 5}, "n_train is 5, the set has 1297 images"),
        ("memorisation", {"train_share_p": 2.0}, "it is a share, in [0, 1]"),
        ("copies", {"exact_copies": 0.001}, "not a whole number of 250 images"),
    ],
)
def test_a_value_changed_by_hand_is_named(metric, changes, said):
    edited(PATH, lambda values: values["scores"][metric].update(changes))
    assert any(said in what for what in problems())
    assert read_verified(PATH) == 0


def test_a_metric_that_was_taken_out_or_made_up_is_named():
    edited(PATH, lambda values: values["scores"].update(best={"of_all": 1.0}))
    edited(PATH, lambda values: values["scores"].pop("kid"))
    edited(PATH, lambda values: values["scores"]["copies"].pop("exact_copies"))
    assert problems()[:3] == [
        "the scores of kid are missing",
        "the track does not ask for scores of best",
        "copies: exact_copies is missing",
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[: len(text) // 2], "is not a readable JSON"),
        (lambda text: "", "is not a readable JSON"),
        (lambda text: text.replace('"width": 32', '"width": NaN'), "it holds NaN"),
        (lambda text: text.replace('"width": 32', '"width": 32, "width": 32'), "the key 'width' twice"),
        (lambda text: text.replace('"width": 32', '"width": "32"'), 'manifest: width is "32"; expected a whole number'),
        (lambda text: text.replace('"height": 32,', ""), "lacks the field 'height'"),
        (lambda text: text.replace('"width": 32', '"width": 32, "depth": 1'), "unknown field 'depth'"),
        (lambda text: text.replace('"schema": 2', '"schema": 3'), "has schema 3, this version reads 1 and 2"),
        (lambda text: text.replace('"slug": "blends"', '"slug": "better"'), "move it to its own place"),
        (lambda text: text.replace('"resize": "clean"', '"resize": "tf1"'), "is not that of its rules"),
        (
            lambda text: text.replace('"name": "Blends"', '"name": "Best"'),
            "slug 'blends' is not that of the name, 'best'",
        ),
        (lambda text: text.replace('"link": ""', '"link": "javascript:alert(1)"'), "begins with https://"),
    ],
)
def test_an_entry_that_is_damaged_or_edited_is_named(change, said):
    PATH.write_text(change(PATH.read_text()))
    (what,) = problems()
    assert said in what


def test_a_record_of_another_protocol_is_named_field_by_field():
    entry = read_entry(PATH)
    others = replace(entry.rules, protocol=replace(entry.rules.protocol, resize="tf1", noise_seed=1))
    write_entry(PATH, replace(entry, rules=others, track_id=others.id))
    (what,) = problems()
    assert "has other rules" in what
    assert "noise_seed: 0 there, 1 here" in what
    assert "resize: 'clean' there, 'tf1' here" in what


def test_a_protocol_that_this_version_does_not_have_is_named():
    rules = read_entry(PATH).rules
    rules = replace(rules, protocol=replace(rules.protocol, extractor="pixels"))
    for path in (PATH, TRACK):
        edited(path, lambda values: values["rules"]["protocol"].update(extractor="pixels"))
        edited(path, lambda values: values.update(track_id=rules.id))
    assert any("digits is digits by pixels, this version takes digits by digits-layout" in what for what in problems())


def test_the_record_of_the_track_belongs_to_what_is_verified():
    edited(TRACK, lambda values: values["landmarks"]["noise"]["prdc"].update(recall=2.0))
    assert any("noise: prdc: recall is 2; it is a share" in what for what in problems())
    (beside(TRACK) / "real-1.npz").write_bytes((BESIDE / "moments.npz").read_bytes())
    assert any("is not the file that" in what for what in problems())
    TRACK.unlink()
    assert any("my-results/tracks/digits.json does not exist" in what for what in problems())


@pytest.mark.parametrize("se", [-1e140, 1e140, 1e-140])
def test_numbers_that_nothing_can_be_computed_with_are_a_problem_of_their_entry(se):
    edited(PATH, lambda values: values["scores"]["inception-score"].update(inception_score_se=se))
    assert problems()
    edited(TRACK, lambda values: values["landmarks"]["real 2"]["inception-score"].update(inception_score_se=se))
    assert problems()


@pytest.mark.parametrize("name", ["manifest.sha256", "moments.npz", "influence.npy", "preview.png", "neighbours.png"])
def test_a_file_that_was_changed_or_is_gone_is_named(name):
    path = BESIDE / name
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert any(f"{path} was changed" in what for what in problems())
    path.unlink()
    assert any(f"{path} is missing" in what for what in problems())


def test_a_file_that_does_not_belong_is_named():
    (BESIDE / "more.exe").write_bytes(b"MZ")
    assert problems() == [f"{BESIDE / 'more.exe'} does not belong to the entry"]
    (BESIDE / "more.exe").unlink()
    shutil.move(str(BESIDE), "my-results/submissions/digits/other")
    (verdict,) = [one for one in verified("--all", code=1) if one["path"].endswith("other")]
    assert "belongs to no entry" in verdict["problems"][0]["what"]


def test_a_manifest_that_was_forged_with_its_hash_is_named():
    listed = read_manifest(BESIDE / "manifest.sha256")
    exchanged = [(listed[0][0], "0" * 64), *listed[1:]]
    forged(manifest=manifest_text(*zip(*exchanged, strict=True)).encode())
    assert problems() == ["manifest.sha256 does not give the Merkle root of the entry: an image was exchanged"]
    forged(manifest=manifest_text(*zip(*listed[1:], strict=True)).encode())
    assert any("lists 249 images, the entry says 250" in what for what in problems())
    edited(PATH, lambda values: values["manifest"].update(count=249, width=64))
    found = problems()
    assert any("249 images; the track asks for 250" in what for what in found)
    assert any("images of 64x32; the track asks for 32x32" in what for what in found)


def test_moments_and_influence_that_were_forged_are_named():
    forged(moments=(beside(TRACK) / "real-1.npz").read_bytes())  # of real 1: a FID of 0
    assert any("covariance_term is" in what and "the moments give" in what for what in problems())
    np.save(BESIDE / "influence.npy", np.full((2, 251), np.nan, np.float32))
    forged()
    assert any("expected finite float32 [2, 251]" in what for what in problems())
    np.save(BESIDE / "influence.npy", np.array([{}], object), allow_pickle=True)
    forged()
    assert any("influence.npy holds Python objects" in what for what in problems())


def warned(*arguments):
    """The result of a command that ends well and warns; here warnings are errors otherwise."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        return good(*arguments)


def test_a_level_that_cannot_be_noted_down_is_a_warning_and_the_others_are_checked(monkeypatch):
    def forbidden(path, verified):
        raise InputError(f"cannot write {path} (Permission denied)")

    for path in entry_paths(Path("my-results")):
        (beside(path) / "verified.json").unlink(missing_ok=True)
    monkeypatch.setattr("bench.submissions.verifying.write_verified", forbidden)
    result = warned("verify", "--all", "--json")
    assert [one["problems"] for one in json.loads(result.stdout)] == [[], []]
    assert result.stderr.count("was not written: cannot write") == 2


@pytest.mark.parametrize("name", [".blends.tmp-0123abcd", ".blends.old-0123abcd", ".blends.lock", ".k-new-0123abcd"])
def test_what_a_killed_submission_left_is_a_warning_and_no_problem(name):
    (PATH.parent / name).mkdir()
    result = warned("verify", "--all")
    assert f"{name} is being written, or is of a process that was killed" in result.stderr


def test_what_was_verified_is_claimed_as_long_as_the_entry_is_the_same():
    good("verify", PATH, "--images", "samples")
    assert read_verified(PATH) == 2
    (again,) = verified(PATH)
    assert (again["level"], again["claimed"]) == (1, 2)
    assert "consistent; claimed: recomputed" in good("verify", PATH).stdout
    edited(PATH, lambda values: values["about"].update(note="changed"))
    assert read_verified(PATH) == 0
    assert verified(PATH)[0]["claimed"] == 1


def test_a_level_that_was_reached_is_taken_back_where_a_file_was_changed():
    good("verify", PATH, "--images", "samples")
    (BESIDE / "preview.png").write_bytes(b"")
    problems()
    assert read_verified(PATH) == 0


def test_level_1_loads_no_torch():
    code = (
        "import sys\n"
        "from bench.cli import main\n"
        "try:\n"
        "    main(['verify', '--all'])\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        "assert not {'torch', 'onnxruntime', 'sklearn'} & set(sys.modules)\n"
    )
    found = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=found, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ----- levels 2 and 3


def test_the_submitted_images_give_level_2():
    assert verified(PATH, "--images", "samples")[0]["level"] == 2
    np.savez("samples.npz", IMAGES.transpose(0, 2, 3, 1))
    assert verified(PATH, "--images", "samples.npz")[0]["level"] == 2


def test_every_image_that_was_changed_is_named():
    samples = Path("samples")
    Image.fromarray(255 - IMAGES[3, 0]).save(samples / "00003.png")
    (samples / "00007.png").unlink()
    Image.fromarray(IMAGES[0, 0] // 2).save(samples / "new.png")
    (samples / "00009.png").rename(samples / "nine.png")
    assert problems(PATH, "--images", "samples") == [
        "1 image altered: 00003.png",
        "1 image removed: 00007.png",
        "1 image added: new.png",
        "1 image renamed: 00009.png to nine.png",
    ]
    assert read_verified(PATH) == 1


def test_images_without_files_are_named_by_their_numbers():
    good("sample", RUN, "-n", 250, "-o", "made")
    assert verified("digits/tiny", "--images", "made")[0]["level"] == 2
    Path("made/00017.png").unlink()
    assert problems("digits/tiny", "--images", "made") == ["1 image removed: 17"]


def test_images_that_are_no_images_are_named():
    Path("samples/00004.png").write_bytes(b"")
    assert any("00004.png" in what and "empty" in what for what in problems(PATH, "--images", "samples"))


def test_scores_that_the_images_do_not_give_are_named():
    """Near copies need the pixels: a forger who keeps every relation passes level 1."""
    usual = round(read_entry(PATH).scores["copies"]["near_copies_expected"] * 501)
    near = {"near_copies": 0.2, "near_copies_p": more_often(10, 50, usual, 501)}
    edited(PATH, lambda values: values["scores"]["copies"].update(near))
    assert verified(PATH)[0]["level"] == 1
    raise_level(PATH, 2)
    found = problems(PATH, "--images", "samples")
    assert any(what.startswith("copies: near_copies is 0.2, the images give") for what in found)
    assert read_verified(PATH) == 1  # what was claimed is refuted


def test_remarks_and_previews_that_the_images_do_not_give_are_named():
    images = IMAGES.copy()
    images[5] = images[6]
    good("submit", save(Path("others"), images), "--track", "digits", "--name", "Blends", "--force")
    edited(PATH, lambda values: values.update(remarks=[]))
    (BESIDE / "preview.png").write_bytes((BESIDE / "neighbours.png").read_bytes())
    forged()
    found = problems(PATH, "--images", "others")
    assert "preview.png does not show the images" in found
    assert "the entry does not have the remark 'byte-duplicates', which its images give" in found


def test_the_model_that_made_them_gives_level_3():
    assert verified("digits/tiny", "--checkpoint", RUN)[0]["level"] == 3
    edited(
        Path("my-results/submissions/digits/tiny.json"), lambda values: values["origin"].update(training_steps=9_000)
    )
    (what,) = problems("digits/tiny", "--checkpoint", RUN)
    assert what == "training_steps is 9000 in the entry, 2 in the file"


def test_the_images_decide_and_not_the_bytes_of_the_model_file(tmp_path):
    """A model that was trained again is another file."""
    again = shutil.copytree(RUN, tmp_path / "again")
    path = again / "checkpoint.safetensors"
    size, header = path.read_bytes()[:8], path.read_bytes()[8:]
    length = int.from_bytes(size, "little")  # of a header in JSON, which may end in spaces
    path.write_bytes((length + 8).to_bytes(8, "little") + header[:length] + b" " * 8 + header[length:])
    (found,) = verified("digits/tiny", "--checkpoint", again)
    assert (found["level"], found["problems"]) == (3, [])
    assert found["notes"][0].startswith("another file than the one that made the entry: its sha256 is")


def test_another_model_is_named(monkeypatch):
    undrawn(monkeypatch)
    tiny = ("--set", "width=4", "--set", "latent=8", "--set", "batch_size=4", "--device", "cpu", "--steps", 3)
    good("train", "--model", "dcgan", "--dataset", "digits", *tiny, "--seed", 1)
    entry = Path("my-results/submissions/digits/tiny.json")
    raise_level(entry, 3)
    result = bench("verify", "digits/tiny", "--checkpoint", RUN.replace("seed0", "seed1"))
    assert result.exit_code == 1
    first, *rest = result.stdout.splitlines()
    assert first.endswith(": consistent; not regenerated")
    assert "    training_seed is 0 in the entry, 1 in the file" in rest
    assert "another file than the one that made the entry" in rest[-1]
    assert read_verified(entry) == 1


def test_a_generator_in_onnx_is_submitted_with_its_noise_and_gives_level_3():
    weights = np.random.RandomState(1).randn(8, 1024).astype(np.float32)
    path = onnx_generator(Path("g.onnx").absolute(), output=(-1, 1, 32, 32), weights=weights)
    assert "needs its noise" in bench("submit", path, "--track", "digits", "--name", "Onnx").stderr
    good("submit", path, "--track", "digits", "--name", "Onnx", "--noise-dim", 8, "--noise", "uniform-1..1")
    entry = read_entry(Path("my-results/submissions/digits/onnx.json"))
    assert entry.origin.settings == {"noise_dim": "8", "noise": "uniform-1..1", "output_range": "-1..1"}
    assert verified("digits/onnx", "--checkpoint", path)[0]["level"] == 3
    onnx_generator(path, output=(-1, 1, 32, 32), weights=weights + 1)
    assert "250 of 250 images came out different" in problems("digits/onnx", "--checkpoint", path)[0]


def test_images_have_no_level_3():
    result = bench("verify", PATH, "--checkpoint", RUN)
    assert result.exit_code == 2
    assert "was submitted as images (folder): there is no level 3 of it" in result.stderr


def test_an_entry_of_other_rules_than_these_data_give_cannot_be_measured_here():
    entry = read_entry(PATH)
    rules = replace(entry.rules, train=replace(entry.rules.train, digest="0" * 64))
    for path in (PATH, TRACK):
        edited(path, lambda values: values["rules"]["train"].update(digest="0" * 64))
        edited(path, lambda values: values.update(track_id=rules.id))
    result = bench("verify", PATH, "--images", "samples")
    assert result.exit_code == 2
    assert "cannot be measured again here, by other rules" in result.stderr
    assert "train" in result.stderr


# ----- what cannot be verified


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "give one ENTRY"),
        (("digits/blends", "--all"), "give one ENTRY"),
        (("--all", "--images", "samples"), "or --all"),
        (("digits/blend",), "Did you mean 'digits/blends'"),
        (("absent.json",), "no entry 'absent.json'"),
        (("samples",), "no entry 'samples'"),
        (("--all", "--results", "empty"), "no entries below"),
        (("digits/blends", "--images", "absent"), "absent does not exist"),
    ],
)
def test_what_cannot_be_checked_ends_with_code_2(arguments, told):
    result = bench("verify", *arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert "Traceback" not in result.output


def test_a_json_that_lies_in_no_results_folder_is_told():
    shutil.copy(PATH, "alone.json")
    assert "is not in a results folder" in bench("verify", "alone.json").stderr


# ----- rules of chance


COUNTS = Counts(real=250, generated=250, classes=10, train=1297, held_out=500)


def fid_scores(plain, corrected, reach):
    return {
        "fid": {
            "fid": plain,
            "mean_term": plain / 2,
            "covariance_term": plain / 2,
            "fid_corrected": corrected,
            "fid_sd": reach / 2,
            "fid_low": corrected - reach,
            "fid_high": corrected + reach,
            "n_b": 250,
        }
    }


def test_nearer_to_real_1_than_chance_allows_is_a_problem_that_images_can_settle():
    null = fid_scores(8.0, 0.1, 1.0)
    assert not doubts(fid_scores(7.0, -1.5, 1.0), null)
    (found,) = doubts(fid_scores(5.0, -2.5, 1.0), null)
    assert "is below 0 by more than 2 times" in found
    (found,) = doubts(fid_scores(5.0, 0.1, 1.0), null)
    assert "far below that of as many real ones, 8" in found
    null["fid"]["n_b"] = 100
    assert not doubts(fid_scores(5.0, 0.1, 1.0), null)  # another count has another bias


def test_bounds_from_spectra_refuse_what_lies_outside_of_them_only():
    scores = fid_scores(4.0, 0.1, 1.0)
    assert not list(fits_moments(scores, Distance(2.0, 1.0, 3.0, 10.0)))
    (found,) = fits_moments(scores, Distance(2.0, 2.5, 3.0, 10.0))
    assert "the moments give 2.5 to 3" in found.what


def test_scores_of_a_perfect_and_of_the_worst_set_are_possible():
    perfect = {
        "prdc": {"precision": 1.0, "recall": 1.0, "density": 1.0, "coverage": 1.0},
        "inception-score": {"inception_score": 10.0, "inception_score_sd": 0.0},
    }
    worst = {
        "prdc": dict.fromkeys(("precision", "recall", "density", "coverage"), 0.0),
        "inception-score": {"inception_score": 1.0},
        "kid": {"kid": -1e-3, "kid_sd": 0.0, "kid_low": -1e-3, "kid_high": -1e-3},
    }
    assert not [one for scores in (perfect, worst) for one in possible(scores, COUNTS, lambda name: {"k": 5})]


def test_recomputed_scores_may_differ_by_rounding_and_by_a_neighbour_only():
    stored = {"fid": {"fid": 10.0, "fid_sd": 1.0}, "prdc": {"precision": 0.5}}
    assert not list(scores_differ(stored, {"fid": {"fid": 10.0009, "fid_sd": 1.0}, "prdc": {"precision": 0.512}}, 250))
    found = list(scores_differ(stored, {"fid": {"fid": 10.02, "fid_sd": 1.0}, "prdc": {"precision": 0.52}}, 250))
    assert [one.what.split(":")[0] for one in found] == ["fid", "prdc"]


def test_what_an_entry_says_about_copies_is_what_is_measured():
    few = np.random.RandomState(0).rand(8, 3, 8, 8)
    images = [array_source((255 * few).astype(np.uint8), "a") for _ in range(3)]
    features = [few.reshape(8, -1) for _ in range(3)]
    assert set(memorisation.compute(*features)) == {one.name for one in memorisation.METRIC.values}
    assert set(COPIES.compute(*images)) == {one.name for one in COPIES.values}


# ----- manifests


def test_changes_between_two_lists_are_told_apart():
    before = [("a", "1"), ("b", "2"), ("c", "3")]
    assert changes(before, before) == []
    assert changes(before, [("b", "2"), ("a", "1"), ("c", "3")]) == ["2 images in another order: a, b"]
    assert changes(before, [("a", "1"), ("b", "9")]) == ["1 image altered: b", "1 image removed: c"]
    assert changes([], before) == ["3 images added: a, b, c"]


@pytest.mark.parametrize("name", ["plain.png", "a b.png", "a\\b.png", "a\nb.png", "\u00e9\u2028.png"])
def test_a_manifest_holds_any_name(tmp_path, name):
    path = tmp_path / "manifest.sha256"
    path.write_bytes(manifest_text([name, "other"], ["0" * 64, "1" * 64]).encode())
    assert read_manifest(path) == [(name, "0" * 64), ("other", "1" * 64)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{'0' * 64}  a", "is cut"),
        (f"{'0' * 63}  a\n", "line 1 is not a sha256 and name"),
        (f"{'0' * 64}  a\n{'1' * 64}  a\n", "names 'a' a second time"),
        ("\n", "line 1 is not a sha256"),
    ],
)
def test_a_manifest_that_is_none_is_refused(tmp_path, text, said):
    (tmp_path / "m").write_text(text)
    with pytest.raises(InputError, match=said):
        read_manifest(tmp_path / "m")

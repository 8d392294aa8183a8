"""`bench verify`: every manipulation is found and named; three levels; exit codes for CI."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from submitted import bench, blends, good, save
from test_generators import onnx_generator

from bench.copies import copies
from bench.entries import beside, entry_path, read_entry, read_verified, track_path, write_entry
from bench.evaluation import array_source
from bench.moments import Distance
from bench.submissions._manifest import changes, manifest_text, read_manifest
from bench.submissions._recomputing import scores_differ
from bench.submissions._values import COPIED, Counts, fits_moments, likely, possible
from metrics import memorisation
from metrics._errors import InputError

IMAGES = blends()
ROOT = Path(__file__).resolve().parent.parent
RUN = "runs/dcgan-digits-batch_size-4-latent-8-width-4-seed0"
PATH = entry_path(Path("results"), "digits", "blends")
BESIDE = beside(PATH)
TRACK = track_path(Path("results"), "digits")


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def submitted(tmp_path_factory, shared_cache):
    """A folder with samples, a tiny run, and one entry of each; never written to."""
    folder = tmp_path_factory.mktemp("submitted")
    before = Path.cwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_CACHE", str(shared_cache))
        os.chdir(folder)
        try:
            tiny = ("--set", "width=4", "--set", "latent=8", "--set", "batch_size=4", "--device", "cpu", "--steps", 2)
            good("train", "--model", "dcgan", "--dataset", "digits", *tiny)
            good("submit", save(folder / "samples", IMAGES), "--track", "digits", "--name", "Blends")
            good("submit", RUN, "--track", "digits", "--name", "Tiny")
        finally:
            os.chdir(before)
    return folder


@pytest.fixture(autouse=True)
def here(submitted, tmp_path, monkeypatch, shared_cache):
    """A copy of it as the current folder."""
    monkeypatch.setenv("BENCH_CACHE", str(shared_cache))
    shutil.copytree(submitted, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy"


def verified(*arguments, code=0):
    """The verdicts as JSON."""
    result = bench("verify", *arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def problems(*arguments):
    """What is wrong with one entry."""
    (verdict,) = verified(*(arguments or (PATH,)), code=1)
    return [one["what"] for one in verdict["problems"]]


def edited(path, change):
    """Write the JSON of a file again after `change(values)`."""
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n")


def forged(**files):
    """Other files beside the entry, with their hashes written into it."""
    for name, data in files.items():
        place = next(path for path in BESIDE.iterdir() if path.name.partition(".")[0] == name)
        place.write_bytes(data)
    entry = read_entry(PATH)
    hashes = {name: hashlib.sha256((BESIDE / name).read_bytes()).hexdigest() for name in entry.files}
    write_entry(PATH, replace(entry, files=hashes))


# ----- level 1


def test_what_was_submitted_is_consistent(here):
    assert verified(PATH) == [{"path": str(PATH), "level": 1, "problems": []}]
    assert read_verified(PATH) == 1
    assert verified("digits/blends")[0]["level"] == 1
    assert "consistent" in good("verify", "digits/blends").stdout


def test_a_whole_results_folder_is_verified_at_once(here):
    assert [(Path(one["path"]).stem, one["level"]) for one in verified("--all")] == [("blends", 1), ("tiny", 1)]
    edited(PATH, lambda values: values["scores"]["prdc"].update(precision=0.1234))
    found = {Path(one["path"]).stem: one["level"] for one in verified("--all", code=1)}
    assert found == {"blends": 0, "tiny": 1}
    assert "2 entries, 1 with something wrong" in bench("verify", "--all").stdout


@pytest.mark.parametrize(
    ("metric", "changes", "said"),
    [
        ("fid", {"fid": 0.5}, "fid is 0.5, its terms add up to"),
        ("fid", {"fid": 1.0, "mean_term": 0.4, "covariance_term": 0.6}, "mean_term is 0.4, the moments give"),
        ("fid", {"fid_corrected": 0.1}, "fid_corrected"),
        ("fid", {"fid_corrected": 0.1, "fid_low": -0.05, "fid_high": 0.25}, "narrower than 1.96 times"),
        ("fid", {"n_b": 251}, "n_b is 251, the set has 250 images"),
        ("inception-score", {"inception_score": 11.0}, "it lies in [1, 10]"),
        ("inception-score", {"inception_score": 0.5}, "it lies in [1, 10]"),
        ("inception-score", {"inception_score_low": 9.9}, "outside of its interval"),
        ("kid", {"kid": 1.0}, "lies outside of its interval"),
        ("prdc", {"precision": 0.9999}, "no whole number of 250 images"),
        ("prdc", {"recall": 1.5}, "it is a share, in [0, 1]"),
        ("prdc", {"density": 51.0}, "density is 51; it lies in [0, 50]"),
        ("prdc", {"coverage": None}, "coverage is missing"),
        ("prdc", {"cover": 0.5}, "cover is no number of it"),
        ("memorisation", {"authpct": 99.99}, "no whole number of 250 images"),
        ("memorisation", {"n_train": 5}, "n_train is 5, the set has 1297 images"),
        ("memorisation", {"train_share_p": 2.0}, "it is a share, in [0, 1]"),
        ("copies", {"exact_copies": 0.001}, "no whole number of 250 images"),
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
    assert problems() == [
        "the scores of kid are missing",
        "the track does not ask for scores of best",
        "copies: exact_copies is missing",
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[: len(text) // 2], "is no readable JSON"),
        (lambda text: "", "is no readable JSON"),
        (lambda text: text.replace('"width": 32', '"width": NaN'), "it holds NaN"),
        (lambda text: text.replace('"width": 32', '"width": 32, "width": 32'), "the key 'width' twice"),
        (lambda text: text.replace('"width": 32', '"width": "32"'), 'manifest: width is "32"; expected a whole number'),
        (lambda text: text.replace('"height": 32,', ""), "lacks the field 'height'"),
        (lambda text: text.replace('"width": 32', '"width": 32, "depth": 1'), "unknown field 'depth'"),
        (lambda text: text.replace('"schema": 1', '"schema": 2'), "has schema 2, this version reads 1"),
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
    assert any("digits is digits by pixels, this version takes digits by digits-cnn" in what for what in problems())


def test_the_record_of_the_track_belongs_to_what_is_verified():
    edited(TRACK, lambda values: values["landmarks"]["noise"]["prdc"].update(recall=2.0))
    assert any("noise: prdc: recall is 2; it is a share" in what for what in problems())
    (beside(TRACK) / "real-1.npz").write_bytes((BESIDE / "moments.npz").read_bytes())
    assert any("is not the file that" in what for what in problems())
    TRACK.unlink()
    assert any("results/tracks/digits.json does not exist" in what for what in problems())


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
    shutil.move(str(BESIDE), "results/submissions/digits/other")
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


def test_what_was_verified_counts_as_long_as_the_entry_is_the_same():
    good("verify", PATH, "--images", "samples")
    assert read_verified(PATH) == 2
    assert verified(PATH)[0]["level"] == 2
    edited(PATH, lambda values: values["about"].update(note="changed"))
    assert read_verified(PATH) == 0
    assert verified(PATH)[0]["level"] == 1


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
    """A forger who keeps every rule of level 1: kid has no moments that contradict it."""
    half = 0.001 * 1.959963984540054
    kid = {"kid": 0.01, "kid_sd": 0.001, "kid_low": 0.01 - half, "kid_high": 0.01 + half}
    edited(PATH, lambda values: values["scores"]["kid"].update(kid))
    edited(PATH, lambda values: values["scores"]["prdc"].update(precision=1.0))
    assert verified(PATH)[0]["level"] == 1
    found = problems(PATH, "--images", "samples")
    assert any(what.startswith("kid: kid is 0.01, the images give") for what in found)
    assert any(what.startswith("prdc: precision is 1, the images give") for what in found)


def test_remarks_and_previews_that_the_images_do_not_give_are_named(here):
    images = IMAGES.copy()
    images[5] = images[6]
    good("submit", save(here / "others", images), "--track", "digits", "--name", "Blends", "--force")
    edited(PATH, lambda values: values.update(remarks=[]))
    (BESIDE / "preview.png").write_bytes((BESIDE / "neighbours.png").read_bytes())
    forged()
    assert problems(PATH, "--images", "others") == [
        "preview.png does not show the images",
        "the entry does not have the remark 'byte-duplicates', which its images give",
    ]


def test_the_model_that_made_them_gives_level_3():
    assert verified("digits/tiny", "--checkpoint", RUN)[0]["level"] == 3
    edited(Path("results/submissions/digits/tiny.json"), lambda values: values["origin"].update(training_steps=9_000))
    (what,) = problems("digits/tiny", "--checkpoint", RUN)
    assert what == "training_steps is 9000 in the entry, 2 in the file"


def test_another_model_is_named():
    tiny = ("--set", "width=4", "--set", "latent=8", "--set", "batch_size=4", "--device", "cpu", "--steps", 3)
    good("train", "--model", "dcgan", "--dataset", "digits", *tiny, "--seed", 1)
    found = problems("digits/tiny", "--checkpoint", RUN.replace("seed0", "seed1"))
    assert "is not that of what made the entry" in found[0]


def test_a_generator_in_onnx_is_submitted_with_its_noise_and_gives_level_3(here):
    weights = np.random.RandomState(1).randn(8, 1024).astype(np.float32)
    path = onnx_generator(here / "g.onnx", output=(-1, 1, 32, 32), weights=weights)
    assert "needs its noise" in bench("submit", path, "--track", "digits", "--name", "Onnx").stderr
    good("submit", path, "--track", "digits", "--name", "Onnx", "--noise-dim", 8, "--noise", "uniform-1..1")
    entry = read_entry(Path("results/submissions/digits/onnx.json"))
    assert entry.origin.settings == {"noise_dim": "8", "noise": "uniform-1..1", "output_range": "-1..1"}
    assert verified("digits/onnx", "--checkpoint", path)[0]["level"] == 3
    onnx_generator(path, output=(-1, 1, 32, 32), weights=weights + 1)
    assert "is not that of what made the entry" in problems("digits/onnx", "--checkpoint", path)[0]


def test_images_have_no_level_3():
    result = bench("verify", PATH, "--checkpoint", RUN)
    assert result.exit_code == 2
    assert "was submitted as images (folder): there is no level 3 of it" in result.stderr


def test_an_entry_of_other_rules_than_these_data_give_cannot_be_measured_here():
    entry = read_entry(PATH)
    held_out = replace(entry.rules.held_out, digest="0" * 64)
    rules = replace(entry.rules, held_out=held_out)
    for path in (PATH, TRACK):
        edited(path, lambda values: values["rules"]["held_out"].update(digest="0" * 64))
        edited(path, lambda values: values.update(track_id=rules.id))
    assert verified(PATH)[0]["level"] == 1
    result = bench("verify", PATH, "--images", "samples")
    assert result.exit_code == 2
    assert "cannot be measured again here, by other rules" in result.stderr
    assert "held_out" in result.stderr


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
    assert "lies in no results folder" in bench("verify", "alone.json").stderr


# ----- rules of chance


COUNTS = Counts(real=250, other=250, classes=10, k=5, train=1297, held_out=500)


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
        }
    }


def test_nearer_to_real_1_than_chance_allows_is_a_problem_that_images_can_settle():
    null = fid_scores(8.0, 0.1, 1.0)
    assert not list(likely(fid_scores(7.0, -1.5, 1.0), null, COUNTS, 250))
    (found,) = likely(fid_scores(5.0, -2.5, 1.0), null, COUNTS, 250)
    assert found.chance
    assert "lies below 0 by more than 2 times" in found.what
    (found,) = likely(fid_scores(5.0, 0.1, 1.0), null, COUNTS, 250)
    assert "far below that of as many real ones, 8" in found.what
    assert not list(likely(fid_scores(5.0, 0.1, 1.0), null, COUNTS, 100))  # another count has another bias


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
    assert not [*possible(perfect, COUNTS), *possible(worst, COUNTS)]


def test_recomputed_scores_may_differ_by_rounding_and_by_a_neighbour_only():
    stored = {"fid": {"fid": 10.0, "fid_sd": 1.0}, "prdc": {"precision": 0.5}}
    assert not list(scores_differ(stored, {"fid": {"fid": 10.0009, "fid_sd": 1.0}, "prdc": {"precision": 0.512}}, 250))
    found = list(scores_differ(stored, {"fid": {"fid": 10.02, "fid_sd": 1.0}, "prdc": {"precision": 0.52}}, 250))
    assert [one.what.split(":")[0] for one in found] == ["fid", "prdc"]


def test_what_an_entry_says_about_copies_is_what_is_measured():
    few = np.random.RandomState(0).rand(8, 3, 8, 8)
    images = [array_source((255 * few).astype(np.uint8), "a") for _ in range(3)]
    features = [few.reshape(8, -1) for _ in range(3)]
    assert set(memorisation.compute(*features)) == set(COPIED["memorisation"])
    assert set(copies(*images)) == set(COPIED["copies"])


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
        (f"{'0' * 63}  a\n", "line 1 is no sha256 and name"),
        (f"{'0' * 64}  a\n{'1' * 64}  a\n", "names 'a' a second time"),
        ("\n", "line 1 is no sha256"),
    ],
)
def test_a_manifest_that_is_none_is_refused(tmp_path, text, said):
    (tmp_path / "m").write_text(text)
    with pytest.raises(InputError, match=said):
        read_manifest(tmp_path / "m")

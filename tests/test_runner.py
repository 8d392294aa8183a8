"""The runner's parts: what a data set name means, the protocol, sampling, the checks before the training."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_runs import undrawn

from bench.measuring.evaluation import evaluate, find_measure, noise, open_evaluation
from bench.measuring.subject import open_subject
from bench.protocol import difference
from bench.runs.jobs import How, check_places, prepare
from bench.runs.run import error_line, fit, nothing_to_resume
from bench.runs.samples import generate, generate_untrained, load_generated, save_generated, save_images, save_pngs
from bench.sources import open_source
from metrics.errors import InputError
from reference_models.errors import ModelError
from reference_models.loop import Budget

TINY = ("width=4", "latent=8", "batch_size=4")
QUICK = How(budget=Budget(steps=2), device="cpu", progress=False)


@pytest.fixture(scope="module")
def digits():
    """The protocol of digits, by a network whose features are few."""
    return open_evaluation(open_subject("digits"), find_measure(open_subject("digits"), "digits-cnn", cache=False))


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """folder:PATH:16 with 12 training and 8 test images."""
    return noise_folder(tmp_path_factory.mktemp("faces"), 12, 8)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """The protocol of a folder of 24 test images with the pixels as features."""
    subject = open_subject(noise_folder(tmp_path_factory.mktemp("few"), 12, 24))
    return open_evaluation(subject, find_measure(subject, "pixels", cache=False))


def noise_folder(folder, train, test):
    images = np.random.default_rng(0).integers(0, 256, (train + test, 3, 16, 16), np.uint8)
    save_pngs(folder / "train", images[:train])
    save_pngs(folder / "test", images[train:])
    return f"folder:{folder}:16"


def test_a_data_set_or_one_of_its_domains_can_be_named():
    whole, apple = open_subject("emoji"), open_subject("emoji/apple")
    assert (whole.domains, whole.labels, whole.paired) == (("apple", "windows"), ("apple", "windows"), False)
    assert (apple.domains, apple.labels, apple.name) == (("apple",), ("",), "emoji/apple")
    assert open_subject("edges2shapes").paired
    assert not open_subject("edges2shapes/edges").paired


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("cannot write /home/me/runs/a/samples.npz (No space left)", "cannot write samples.npz (No space left)"),
        ("cannot write 'C:\\runs\\a.npz'; see https://a.org/b/c", "cannot write 'a.npz'; see https://a.org/b/c"),
        ("runs/a/b and 1/2", "runs/a/b and 1/2"),
    ],
)
def test_the_error_in_a_record_has_no_absolute_path(said, kept):
    assert error_line(InputError(said)) == kept
    assert error_line(RuntimeError(said)) == f"RuntimeError: {kept}"


def test_too_few_images_are_told_before_the_training(faces):
    subject = open_subject(faces)
    with pytest.raises(InputError, match="has 4 images; at least 6 are needed"):
        open_evaluation(subject, find_measure(subject, "pixels"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("digts", "Did you mean 'digits'"),
        ("emoji/linux", "no domain 'linux'; choose one of apple, windows"),
        ("digits/zero", "no domain 'zero'; it has none"),
    ],
)
def test_unknown_names_are_one_line(name, said):
    with pytest.raises(InputError) as caught:
        open_subject(name)
    assert said in str(caught.value)


def test_the_name_of_a_folder_carries_no_path(faces):
    subject = open_subject(faces)
    assert subject.name.startswith("folder:faces")
    assert "/" not in subject.name
    assert subject.images("real 1").shape == (4, 3, 16, 16)


def test_the_sets_are_those_of_the_source_syntax(digits):
    assert [one.digest for one in digits.protocol.real] == [
        open_source("digits:real-1").digest,
        open_source("digits:real-2").digest,
    ]


def test_the_protocol_is_the_same_every_time_and_another_with_another_extractor(digits):
    subject = open_subject("digits")
    again = open_evaluation(subject, find_measure(subject, "digits-cnn"))
    other = open_evaluation(subject, find_measure(subject, "vgg16-random", resize="clean"))
    assert again.protocol.id == digits.protocol.id
    assert set(difference(again.protocol, other.protocol)) >= {"extractor"}
    assert other.protocol.id != digits.protocol.id


def test_noise_is_the_same_for_ever():
    images = noise((1, 2, 2), 2)
    assert images.tolist() == [[[[172, 10], [127, 140]]], [[[47, 170], [196, 151]]]]


def test_a_set_is_at_no_distance_from_itself_and_copies_of_real_2_score_like_it(digits):
    found = evaluate(digits, {("generated", ""): digits.subject.images("real 2")})
    pairs = {pair.b: pair.scores["fid"] for pair in found.pairs}
    assert pairs["real 1"]["fid"] == pytest.approx(0, abs=1e-9)  # rounding of a trace of about 100
    assert set(pairs["real 1"]) == {"fid"}
    assert pairs["generated"] == pairs["real 2"]
    assert pairs["noise"]["fid"] > 5 * pairs["real 2"]["fid"]


def test_an_extractor_without_classes_gives_no_inception_score(few):
    found = evaluate(few, {("generated", ""): noise((3, 16, 16), 12)})
    assert all(one.scores == {} for one in found.sets)
    assert few.protocol.logits == ""


def test_another_number_of_images_is_refused(digits):
    with pytest.raises(InputError, match=r"7 generated images.*asks for 250"):
        evaluate(digits, {("generated", ""): noise((1, 32, 32), 7)})


def test_missing_weights_name_the_offline_protocol(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(InputError, match="nothing was started") as caught:
        find_measure(open_subject("fashion-mnist"))
    assert str(caught.value) == (
        "nothing was started: extractor 'inception' has no weights here, and BENCH_OFFLINE forbids the download. Use "
        "--extractor fashion-layout, the offline protocol of fashion-mnist, whose numbers compare among themselves only"
    )


def test_a_named_extractor_without_weights_is_told_plainly(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(InputError, match="extractor 'inception' has no weights here"):
        find_measure(open_subject("digits"), "inception")


def test_a_model_of_another_task_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ModelError, match="two domains"):
        prepare("cyclegan", open_subject("digits"), workdir=tmp_path)
    with pytest.raises(ModelError, match="one of its domains"):
        prepare("dcgan", open_subject("edges2shapes"), workdir=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_shape_that_the_network_cannot_make_is_refused_before_the_training(tmp_path, faces):
    subject = open_subject(faces.replace(":16", ":18"))
    with pytest.raises(ModelError, match="18x18"):
        prepare("dcgan", subject, workdir=tmp_path)


def test_missing_data_name_the_command_that_gets_them(tmp_path):
    with pytest.raises(InputError, match="bench datasets fetch fashion-mnist"):
        prepare("dcgan", open_subject("fashion-mnist", tmp_path))


def test_pictures_come_as_often_as_the_source_of_a_model_says_where_the_budget_is_longer(tmp_path, monkeypatch):
    undrawn(monkeypatch, ("draw_curves", "draw_film"))
    job = prepare("dcgan", open_subject("digits"), settings=TINY, workdir=tmp_path)
    job = replace(job, spec=replace(job.spec, grid_every={"digits": 2}))
    fit(job, replace(QUICK, budget=Budget(steps=5)))
    assert sorted(path.stem for path in (job.folder / "grids").glob("samples-*")) == [
        "samples-0000000",
        "samples-0000002",
        "samples-0000004",
    ]
    fit(job, replace(QUICK, budget=Budget(steps=2), force=True))
    assert len(list((job.folder / "grids").glob("samples-*"))) == 3  # a tenth of two steps: every one


def test_resume_of_nothing_says_that_it_starts_anew(tmp_path, monkeypatch):
    undrawn(monkeypatch)
    job = prepare("dcgan", open_subject("digits"), settings=TINY, workdir=tmp_path)
    with pytest.warns(UserWarning, match=r"--resume finds no checkpoint in .*; the training starts from the beginning"):
        fit(job, replace(QUICK, resume=True))
    fit(job, replace(QUICK, resume=True, budget=Budget(steps=3)))  # a warning would be an error
    for seed, other in ((0, f"others there: {job.folder.name};"), (1, "seed1; the training")):
        larger = prepare("dcgan", open_subject("digits"), seed=seed, settings=("batch_size=8",), workdir=tmp_path)
        assert other in nothing_to_resume(larger)


def test_a_full_folder_is_kept_unless_forced_or_resumed(tmp_path, monkeypatch):
    undrawn(monkeypatch)
    job = prepare("dcgan", open_subject("digits"), settings=TINY, workdir=tmp_path)
    fit(job, QUICK)
    with pytest.raises(InputError, match=r"--resume.*--force"):
        check_places(job, QUICK, None)
    check_places(job, replace(QUICK, force=True), None)
    check_places(job, replace(QUICK, resume=True), None)


def test_force_never_empties_a_folder_that_is_no_run(tmp_path):
    job = prepare("dcgan", open_subject("digits"), settings=TINY, workdir=tmp_path)
    job.folder.mkdir(parents=True)
    (job.folder / "thesis.tex").write_text("mine")
    with pytest.raises(InputError, match="not the folder of a run"):
        check_places(job, replace(QUICK, force=True), None)
    assert (job.folder / "thesis.tex").exists()


def test_samples_are_as_many_as_real_1_and_come_back_from_their_file(tmp_path, digits, monkeypatch):
    undrawn(monkeypatch)
    job = prepare("dcgan", digits.subject, settings=TINY, workdir=tmp_path)
    result, done = fit(job, QUICK)
    made = generate(result.model, "generate", digits)
    save_generated(job.folder, made)
    again = load_generated(job.folder, digits.subject)
    assert made["generated", ""].shape == (250, 1, 32, 32)
    assert np.array_equal(made["generated", ""], again["generated", ""])
    assert open_source(job.folder / "samples.npz").digest == open_source(made["generated", ""]).digest
    assert (done.steps, done.images, done.full_epochs) == (2, 8, job.recipe.epochs)


def test_the_untrained_model_is_the_one_that_the_training_began_with(tmp_path, digits, monkeypatch):
    undrawn(monkeypatch)
    job = prepare("dcgan", digits.subject, settings=TINY, workdir=tmp_path)
    result, _ = fit(job, QUICK)
    made = generate_untrained(job, result.model, digits)
    with np.load(job.folder / "grids" / "film.npz") as film:
        assert np.array_equal(made["untrained", ""][:36], film["samples"][0])
    save_generated(job.folder, {**generate(result.model, "generate", digits), **made})
    again = load_generated(job.folder, digits.subject)
    assert np.array_equal(again["untrained", ""], made["untrained", ""])
    found = evaluate(digits, again)
    assert [pair.b for pair in found.pairs] == ["real 1", "real 2", "generated", "untrained", "noise"]


def test_a_model_that_nothing_is_optimised_in_has_no_state_before_its_training(tmp_path, digits, monkeypatch):
    undrawn(monkeypatch)
    job = prepare("train-copies", digits.subject, workdir=tmp_path)
    result, _ = fit(job, QUICK)
    assert generate_untrained(job, result.model, digits) == {}


def test_reconstructions_stand_beside_the_best_single_answer(few):
    test = few.subject.test_images()
    copies = {("generated", ""): test[:12], ("test", ""): test, ("reconstructed", ""): test}
    errors = {pair.b: pair.scores["mse"] for pair in evaluate(few, copies).pairs if pair.a == "test"}
    assert errors["reconstructed"]["mse"] == 0
    assert errors["mean image"]["mse"] == pytest.approx((test / 255).var(axis=0).mean(), abs=1e-5)  # rounded to uint8


def test_translations_stand_beside_their_input():
    subject = open_subject("edges2shapes")
    evaluation = open_evaluation(subject, find_measure(subject, "shapes-cnn", cache=False))
    wanted = subject.images("real 2", "shapes")
    found = evaluate(evaluation, {("generated", "shapes"): wanted})
    errors = {pair.b: pair.scores["mse"] for pair in found.pairs if pair.a == "real 2"}
    assert errors["generated"]["mse"] == 0
    given = subject.images("real 2", "edges")
    assert errors["input"]["mse"] == pytest.approx(np.square(given / 255 - wanted / 255).mean(), rel=1e-9)
    assert 0 < errors["mean image"]["mse"] < errors["input"]["mse"]


def test_a_perfect_translator_scores_what_the_second_real_set_does():
    subject = open_subject("edges2shapes")
    evaluation = open_evaluation(subject, find_measure(subject, "shapes-cnn", cache=False))
    assert evaluation.protocol.translated == "real 2"

    class Perfect:
        directions = ("x-to-y",)

    given = []

    def translate(model, images, direction):
        given.append(images)
        return subject.images("real 2", "shapes")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.runs.samples.translate", translate)
        made = generate(Perfect(), "paired", evaluation)
    assert np.array_equal(given[0], subject.images("real 2", "edges"))
    pairs = {pair.b: pair.scores for pair in evaluate(evaluation, made).pairs if pair.a == "real 1"}
    assert pairs["generated"] == pairs["real 2"]
    assert pairs["generated"]["fid"]["fid_low"] < 0 < pairs["generated"]["fid"]["fid_high"]
    assert "mse" not in pairs["generated"]


def test_translations_of_the_partners_of_real_1_are_not_measured_again(tmp_path):
    subject = open_subject("edges2shapes")
    made = {(name, "shapes"): np.zeros((2, 3, 64, 64), np.uint8) for name in ("generated", "untrained")}
    save_generated(tmp_path, made, "real 2")
    assert set(load_generated(tmp_path, subject)) == set(made)
    save_generated(tmp_path, made)  # as earlier versions did
    with pytest.raises(InputError, match=r"translations of real 1, the protocol asks for those of real 2; .*evaluate"):
        load_generated(tmp_path, subject)


def test_a_vae_is_monitored_on_test_images_and_reconstructs_all_of_them(tmp_path, digits):
    job = prepare("vae", digits.subject, settings=("hidden=8",), workdir=tmp_path)
    result, _ = fit(job, QUICK)
    assert (job.folder / "evaluation-reconstruction-mse.png").is_file()
    assert (job.folder / "evaluation.csv").read_text().startswith("step,epoch,reconstruction_mse\n0,")
    made = generate(result.model, "reconstruct", digits)
    assert made["reconstructed", ""].shape == made["test", ""].shape == (500, 1, 32, 32)


def test_a_missing_or_damaged_samples_file_is_one_line(tmp_path, digits):
    with pytest.raises(InputError, match=r"samples\.npz does not exist; make it again with `bench evaluate"):
        load_generated(tmp_path, digits.subject)
    (tmp_path / "samples.npz").write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(InputError, match=r"is not a readable \.npz file"):
        load_generated(tmp_path, digits.subject)


def test_images_are_the_same_as_png_and_as_npz(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (5, 3, 8, 9), np.uint8)
    save_pngs(tmp_path / "png", images)
    save_images(tmp_path / "images.npz", images)
    one, other = open_source(tmp_path / "png"), open_source(tmp_path / "images.npz")
    assert all(np.array_equal(one.read(i), images[i]) and np.array_equal(other.read(i), images[i]) for i in range(5))
    assert {path.name for path in tmp_path.iterdir()} == {"png", "images.npz"}


def test_a_folder_with_other_files_is_never_replaced(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(InputError, match=r"holds thesis\.tex"):
        save_pngs(tmp_path, np.zeros((1, 1, 8, 8), np.uint8), force=True)

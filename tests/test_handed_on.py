"""Options that one function hands on to the next: each arrives, with a value that is nobody's default."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import registry
from bench.cli import main
from bench.measuring import measure as measuring
from bench.measuring.batches import Engine
from bench.measuring.features import Pass
from bench.measuring.measure import Measure
from bench.measuring.setup import Setup
from bench.measuring.spreading import Spread
from bench.measuring.subject import open_subject
from bench.runs import run as runner
from bench.runs.jobs import How, prepare
from bench.weights import Weights
from reference_models.loop import Budget, Every

MEASURING = {
    "extractor": "pixels",
    "resize": "tf1",
    "tap": "pool",
    "offline": True,
    "trust_code": True,
    "device": "cpu",
}
MEASURING |= {"workers": 7, "batch_size": 9, "cache": False}
SPREADING = {"processes": 3, "exact": True, "scheduler": None, "dask_jobqueue": None}
READING = {"limit": 5, "seed": 3, "skip_corrupt": True}
PIXELS = registry.load("extractors", "pixels")
PLACES = {"weights": Path("w.pth"), "data_root": Path("data")}


def part_of(count):
    return range(count)


class Seen(Exception):
    """Ends a call at the place that is looked at."""


def spy(monkeypatch, place):
    """From here on the function at this place keeps what it is given, (arguments, keywords), and ends the call."""
    kept = []

    def seen(*given, **named):
        kept.append((given, named))
        raise Seen

    monkeypatch.setattr(place, seen)
    return kept


def test_a_measure_hands_everything_that_it_was_made_with_to_the_extraction(monkeypatch):
    kept = spy(monkeypatch, "bench.measuring.measure.extract")
    own = {"device": "cuda", "workers": 7, "batch_size": 9, "cache": "a cache", "progress": print, "spread": Spread(3)}
    weights = Weights(Path("w.pth"), "a" * 64, False)
    with pytest.raises(Seen):
        Measure(PIXELS, weights, "tf1", **own).features("a set", ["64"])
    engine = Engine(PIXELS, weights.path, weights.sha256, "cuda", 9, 7)
    assert kept == [(("a set", Pass(engine, "a cache", print, Spread(3)), ["64"], ("tf1",)), {})]


def test_a_setup_hands_on_how_images_become_features(monkeypatch):
    kept = spy(monkeypatch, "bench.measuring.setup.measure")
    with pytest.raises(Seen):
        Setup.of({**MEASURING, **READING, **PLACES, **SPREADING}).measure(logits="logits")
    handed = {name: value for name, value in MEASURING.items() if name != "extractor"}
    handed |= {"logits": "logits", "weights_file": Path("w.pth"), "spread": Spread(3, exact=True)}
    assert kept == [(("pixels",), handed)]


def test_a_setup_hands_on_which_images_are_read(monkeypatch):
    kept = spy(monkeypatch, "bench.measuring.setup.open_source")
    with pytest.raises(Seen):
        Setup.of({**MEASURING, **READING, **PLACES}).open("a folder", part=part_of)
    assert kept == [(("a folder",), {**READING, "data_root": Path("data"), "cache": None, "part": part_of})]


def test_a_measure_is_made_of_what_was_asked_for(tmp_path, monkeypatch):
    found = measuring.measure(
        "digits-cnn", resize="tf1", tap="logits", logits="logits", device="cpu", workers=7, batch_size=9, cache=False
    )
    assert (found.extractor.pool, found.extractor.logits, found.resize) == ("logits", "logits", "tf1")
    assert (found.device, found.workers, found.batch_size, found.cache) == ("cpu", 7, 9, None)
    kept = spy(monkeypatch, "bench.weights.ready")
    with pytest.raises(Seen):
        measuring.measure("inception", weights_file=Path("w.pth"), offline=True)
    assert kept[0][0][1:] == (Path("w.pth"), True)


OPTIONS = [
    *("--extractor", "pixels", "--resize", "tf1", "--tap", "pool", "--weights", "w.pth", "--offline", "--trust-code"),
    *("--device", "cpu", "--workers", "7", "--batch-size", "9", "--no-cache"),
    *("--limit", "5", "--seed", "3", "--skip-corrupt", "--data-root", "data"),
    *("--features", "--made-by", "a friend", "--processes", "3", "--exact", "--precision", "bf16"),
]
COMMANDS = {
    "fid": (["a", "b", "--influence", "4", "--all-estimates", "--crosscheck", "--conventions"], ("a", "b"),
            {"influence": 4, "all_estimates": True, "crosscheck": True, "conventions": True}),
    "score": (["a", "b", "--metrics", "kid, prdc", "--train", "t", "--logits", "l", "--is-splits", "6", "--prdc-k", "7",
               "--kid-subsets", "8", "--kid-subset-size", "9", "--labels", "cat, dog", "--by-class"], ("a", "b"),
              {"metrics": ["kid", "prdc"], "train": "t", "logits": "l", "splits": 6, "k": 7, "subsets": 8,
               "subset_size": 9, "labels": ["cat", "dog"], "by_class": True}),
    "stats": (["a", "-o", "b.npz", "--spatial", "--force"], ("a", Path("b.npz")), {"spatial": True, "force": True}),
}  # fmt: skip
FUNCTIONS = {"fid": "fid", "score": "score", "stats": "save_statistics"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_hands_all_its_options_to_its_function(name, monkeypatch):
    words, given, named = COMMANDS[name]
    kept = spy(monkeypatch, f"bench.api.sets.{FUNCTIONS[name]}")
    result = CliRunner().invoke(main, [name, *words, *OPTIONS])
    assert isinstance(result.exception, Seen), result.output
    ((handed, keywords),) = kept
    assert callable(keywords.pop("progress"))
    assert handed == given
    given = {"features": True, "made_by": "a friend", "precision": "bf16"}
    assert keywords == {**MEASURING, **READING, **PLACES, **SPREADING, **given, **named}


@pytest.mark.parametrize("command", ["run", "train"])
def test_a_training_is_asked_for_as_it_was_said(command, monkeypatch, tmp_path):
    kept = spy(monkeypatch, f"bench.runs.run.{'run' if command == 'run' else 'fit'}")
    words = ["--model", "dcgan", "--dataset", "digits", "--set", "lr=0.1", "--seed", "3", "--steps", "5"]
    words += ["--device", "cpu", "--precision", "bf16", "--compile", "--force", "--workdir", str(tmp_path)]
    words += ["--log", "tensorboard"] if command == "train" else ["--extractor", "pixels", "--results", str(tmp_path)]
    result = CliRunner().invoke(main, [command, *words])
    assert isinstance(result.exception, Seen), result.output
    job, how, *_ = kept[0][0]
    assert (job.config.lr, job.seed, job.spec.name, job.subject.name) == (0.1, 3, "dcgan", "digits")
    assert (how.budget, how.device, how.precision) == (Budget(steps=5), "cpu", "bf16")
    assert (how.compile, how.force, how.resume) == (True, True, False)
    assert job.folder.parent.parent == tmp_path


def test_a_fit_hands_on_how_it_is_to_train(tmp_path, monkeypatch):
    job = prepare("dcgan", open_subject("digits"), seed=3, settings=("batch_size=10",), workdir=tmp_path)
    kept = spy(monkeypatch, "bench.runs.run.train")
    how = How(Budget(steps=5), Every(steps=2), "cpu", "bf16", True, None, True, False, False)
    (job.folder).mkdir(parents=True)
    (job.folder / runner.FILE_NAME).write_bytes(b"a checkpoint")
    with pytest.raises(Seen):
        runner.fit(job, how)
    ((given, named),) = kept
    assert given == (job.spec, job.config, job.data)
    assert named.pop("evaluate") is None
    expected = {"folder": job.folder, "budget": how.budget, "seed": 3, "device": "cpu", "precision": "bf16"}
    expected |= {"compile": True, "grid_every": 2, "resume": True, "log": None, "progress": False}
    assert named == expected

"""What connects tested parts: each was once cut, or turned round, without a test that noticed."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from leaderboard_entries import entry, rules, scores
from tiny_training import TINY, ArrayImages, numbered, run
from torch import nn
from torch.nn import functional as F

from bench.leaderboard.compare import compare
from bench.leaderboard.contestants import Side
from bench.leaderboard.entries import Origin
from bench.leaderboard.tracks import find_track
from bench.runs import run as runs
from bench.sources.survey import survey
from bench.storage.reading import claimed_members
from bench.submissions import _manifest
from bench.submissions import levels as _levels
from bench.submissions._checks import check
from bench.submissions._manifest import manifest_text, read_manifest
from bench.submissions._values import Problem
from bench.submissions.levels import _noted
from bench.submissions.material import Material
from bench.submissions.verifying import Verdict
from metrics.errors import InputError
from metrics.extractors._engine import compile_network
from reference_models.types import Data, ImageShape, Model, ModelSpec

# ----- training


class Watching(Model):
    """Keeps what it is shown; learns nothing."""

    def __init__(self):
        super().__init__()
        self.weight, self.optimisers, self.seen = nn.Parameter(torch.zeros(1)), {}, []

    def train_step(self, batch):
        self.seen.append((batch.x[:, 0, 0, 0].tolist(), batch.y[:, 0, 0, 0].tolist()))
        return {"loss": 0.0}

    def translate(self, images, direction):
        return images


@pytest.mark.parametrize("task", ["paired", "unpaired"])
def test_a_task_on_pairs_is_shown_pairs_and_another_one_is_not(tmp_path, task):
    pixels = np.arange(12, dtype=np.uint8)[:, None, None, None]
    images = ArrayImages(np.broadcast_to(pixels, (12, 1, 16, 16)).copy())
    data = Data("numbered", ImageShape(1, 16, 16), (images, images), (), ("x", "y"), True)
    spec = ModelSpec("watching", "Watching", "none", task, {"default": TINY}, lambda config, shape, classes: Watching())
    shown = run(tmp_path / "run", 4, spec, replace(TINY, batch_size=3), data).model.seen
    assert len(shown) == 4
    assert all(x == y for x, y in shown) == (task == "paired")


# ----- checking and verifying


@pytest.mark.parametrize(
    ("channels", "images", "code"),
    [
        (3, "grey", {"grey"}),
        (3, "one coloured", set()),
        (1, "grey", set()),
        (1, "one coloured", {"colour"}),
    ],
)
def test_grey_images_of_a_coloured_track_are_a_warning_and_colours_of_a_grey_one_an_error(channels, images, code):
    track = find_track("digits")
    pixels = np.random.RandomState(0).randint(0, 256, (track.count, 1, 8, 8)).astype(np.uint8).repeat(3, axis=1)
    if images != "grey":
        pixels[7, 0, 0, 0] ^= 255
    found = check(Material(pixels, Origin("npz")), survey(pixels, 1, None, None), track, (channels, 8, 8), [])
    assert {one.code for one in found} == code


@pytest.mark.parametrize(
    ("before", "chance", "stands"),
    [(2, [True], True), (3, [True, True], True), (1, [True], False), (0, [True], False), (2, [True, False], False)],
)
def test_a_fid_below_chance_is_silenced_only_where_the_images_were_measured_and_nothing_else_is_wrong(
    tmp_path, monkeypatch, before, chance, stands
):
    monkeypatch.setattr(_levels, "read_verified", lambda path: before)
    monkeypatch.setattr(_levels, "note_level", lambda path, level, refuted, write: level)
    problems = tuple(Problem("below-null", f"problem {place}", chance=one) for place, one in enumerate(chance))
    found = _noted(Verdict(tmp_path / "entry.json", 0, problems, entry()), write=True)
    assert (found.problems == ()) == stands
    assert stands or found.problems == problems


def test_a_verdict_without_an_entry_is_noted_nowhere(tmp_path, monkeypatch):
    monkeypatch.setattr(_levels, "note_level", lambda *_, **how: pytest.fail("it was noted"))
    verdict = Verdict(tmp_path / "entry.json", 0, (Problem("entry", "cannot be read"),), None)
    assert _noted(verdict, write=True) == verdict


def test_a_manifest_that_is_longer_than_any_track_asks_for_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "manifest.sha256"
    path.write_text(manifest_text(["a.png"], ["0" * 64]))
    monkeypatch.setattr(_manifest, "MOST_BYTES", path.stat().st_size)
    assert read_manifest(path) == [("a.png", "0" * 64)]
    monkeypatch.setattr(_manifest, "MOST_BYTES", path.stat().st_size - 1)
    with pytest.raises(InputError, match="at most"):
        read_manifest(path)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06", b"x" * 70_000])
def test_a_file_without_the_end_of_a_zip_claims_no_member(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    assert claimed_members(tmp_path / "a.zip") == 0


# ----- the engine


class WithBias(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(4, 3)), nn.Parameter(torch.randn(4))

    def forward(self, x):
        x = x.mean((2, 3))
        return {"place": F.linear(x, self.weight, self.bias), "name": F.linear(x, self.weight, bias=self.bias)}


@pytest.mark.parametrize("name", ["place", "name"])  # one at a time: torch exports a whole network or none of it
def test_a_bias_of_a_linear_function_is_not_lost(name):
    torch.manual_seed(0)
    network, images = WithBias().eval(), torch.rand(2, 3, 4, 5)
    with torch.no_grad():
        expected = network(images)[name].numpy()
    found = compile_network(lambda: network, "with bias", (3, 4, 5), (name,), "cpu")(images.numpy())
    np.testing.assert_allclose(found[name], expected, rtol=1e-5, atol=1e-6)


# ----- comparing


def test_a_score_that_one_side_has_not_is_left_out():
    chosen = rules()
    whole = Side("a", chosen.protocol, chosen, {"": scores(0.9)})
    assert "kid" in {line.key for line in compare(whole, whole).lines}
    without = replace(whole, name="b", scores={"": {key: one for key, one in scores(0.9).items() if key != "kid"}})
    for sides in ((whole, without), (without, whole)):
        assert {line.key for line in compare(*sides).lines} == {line.key for line in compare(whole, whole).lines} - {
            "kid"
        }


# ----- watching a training


@pytest.mark.parametrize(("values", "watched"), [(3 * 256, [0, 4, 9]), (10**6, list(range(10))), (1, [0, 9])])
def test_test_images_are_watched_as_far_as_their_pixels_are_not_too_many(monkeypatch, values, watched):
    class Mirror(Watching):
        def reconstruct(self, images):
            self.seen += images[:, 0, 0, 0].tolist()
            return images

    monkeypatch.setattr(runs, "MONITORED_VALUES", values)
    data = Data("numbered", ImageShape(1, 16, 16), (numbered(10),), (numbered(10),))
    model = Mirror()
    found = runs._monitor(SimpleNamespace(spec=SimpleNamespace(task="reconstruct"), data=data))(model)
    assert (found, model.seen) == ({"reconstruction_mse": 0}, watched)

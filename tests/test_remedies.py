"""What cannot be read is told with what mends it, by every reader; what is not finite is written by none."""

from types import SimpleNamespace

import numpy as np
import pytest

from bench.leaderboard.influence import read_influences
from bench.leaderboard.relations import _nearest
from bench.leaderboard.small_pictures import read_small_pictures
from bench.measuring.influential import most_influential
from bench.measuring.sets import MeasuredSet
from bench.measuring.statistics import write_statistics
from bench.protocol import protocol_id
from bench.runs.generators import _settings
from bench.runs.jobs import RUN
from bench.runs.run import MEASURED, TRAINING, read_training
from bench.runs.stored import measured_with, run_of
from bench.sources.tars import list_tar
from bench.sources.zips import list_zip
from bench.storage.cache import digest_of
from bench.storage.reading import RESTORE, read_json, read_toml
from bench.storage.records import read_record
from bench.submissions._manifest import read_manifest
from bench.submissions.about import read_settings
from bench.submissions.roster import read_roster
from genbench.surroundings import numpy_defaults
from metrics.arithmetic.gaussian import GaussianStats
from metrics.errors import InputError

RESUME = "continue with --resume to write it again"
SUBMIT = "restore it, or submit the entry again"


def settings_of(path):
    return _settings(SimpleNamespace(saved_as=("w.pt", path.name), name="x"), path.with_name("w.pt"))


@pytest.mark.parametrize(
    ("name", "read", "remedy"),
    [
        ("a.json", read_json, RESTORE),
        ("a.toml", read_toml, RESTORE),
        ("a.json", read_record, "restore it or run again"),
        (RUN, lambda path: run_of(path.parent), RESUME),
        (TRAINING, lambda path: read_training(path.parent), RESUME),
        (MEASURED, lambda path: measured_with(path.parent), "measure the run again with `bench evaluate`"),
        ("a.json", settings_of, "copy it again, or leave it out"),
        ("a.npy", lambda path: read_influences(path, 3, 1), SUBMIT),
        ("a.npy", lambda path: read_small_pictures(path, 3), SUBMIT),
        ("a.txt", read_manifest, "restore it or submit again"),
        ("a.csv", read_roster, "give a CSV file in UTF-8"),
        ("a.toml", lambda path: read_settings(path, {}), "`bench submit --init` writes an example"),
        ("a.zip", list_zip, "make it again"),
        ("a.tar", list_tar, "make it again"),
    ],
)
def test_a_damaged_file_is_told_with_what_mends_it(tmp_path, name, read, remedy):
    path = tmp_path / name
    path.write_bytes(b"\xff\x00{")
    with pytest.raises(InputError) as error:
        read(path)
    assert str(path) in str(error.value)
    assert str(error.value).endswith(f"; {remedy}")


@pytest.mark.parametrize("key", [protocol_id, digest_of])
def test_what_is_not_finite_has_no_key_and_the_order_of_names_does_not_matter(key):
    assert key({"a": 1, "b": 2}) == key({"b": 2, "a": 1}) != key({"a": 1, "b": 3})
    with pytest.raises(ValueError, match="not JSON compliant"):
        key({"a": float("nan")})


def test_statistics_say_where_they_come_from_in_strict_json_with_sorted_keys(tmp_path):
    made = GaussianStats(np.zeros(2), np.eye(2), 9)
    write_statistics(tmp_path / "a.npz", made, {"z": 1, "a": 2})
    assert str(np.load(tmp_path / "a.npz")["provenance"]) == '{"a": 2, "z": 1}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_statistics(tmp_path / "b.npz", made, {"z": float("nan")})
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_nothing_that_numpy_only_warns_of_is_an_error_inside():
    tiny = np.array([1e-300])
    with np.errstate(all="raise"), numpy_defaults():
        assert tiny * tiny == 0
        with pytest.warns(RuntimeWarning, match="divide by zero"):
            tiny / np.zeros(1)
        with pytest.warns(RuntimeWarning, match="overflow"):
            np.array([1e300]) * 1e300
        with pytest.warns(RuntimeWarning, match="invalid value"):
            np.zeros(1) / np.zeros(1)
    with np.errstate(all="ignore"), numpy_defaults(), pytest.warns(RuntimeWarning, match="divide by zero"):
        tiny / np.zeros(1)


def test_of_neighbours_that_are_equally_near_the_earlier_comes_first():
    assert _nearest(np.arange(40), 20) == [place for step in range(1, 21) for place in (20 - step, 20 + step)][:-1]


def test_images_that_move_a_distance_alike_keep_their_order(monkeypatch):
    monkeypatch.setattr("bench.measuring.influential.influence", lambda *rows: (np.ones(40), -np.ones(40)))
    one = MeasuredSet("a", keys=tuple(f"{row:02}" for row in range(40)), arrays={"pool": np.zeros((40, 3))})
    found = most_influential(one, one, 50)
    expected = [("a", key) for key in one.keys] + [("b", key) for key in one.keys[:10]]
    assert [(line["set"], line["image"]) for line in found] == expected


def test_a_folder_that_says_nothing_of_its_training_is_no_damaged_one(tmp_path):
    assert read_training(tmp_path) is None
    assert measured_with(tmp_path) == {}

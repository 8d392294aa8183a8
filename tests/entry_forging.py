"""A results folder with two entries of schema 2, made once, and ways to forge what lies in it."""

import hashlib
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from submitted import bench, blends, good, save
from tiny_runs import undrawn

from bench.leaderboard.entries import read_entry, read_verified, write_entry
from bench.leaderboard.entry_places import beside, entry_path, track_path
from bench.submissions.levels import verify_one

IMAGES = blends()
RUN = "runs/dcgan-digits-batch_size-4-latent-8-width-4-seed0"
PATH = entry_path(Path("my-results"), "digits", "blends")
BESIDE = beside(PATH)
TRACK = track_path(Path("my-results"), "digits")


@pytest.fixture(scope="session")
def submitted(tmp_path_factory, shared_cache):
    """A folder with samples, a tiny run, and one entry of each; never written to."""
    folder = tmp_path_factory.mktemp("submitted")
    before = Path.cwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_CACHE", str(shared_cache))
        os.chdir(folder)
        try:
            tiny = ("--set", "width=4", "--set", "latent=8", "--set", "batch_size=4", "--device", "cpu", "--steps", 2)
            undrawn(patch)
            good("train", "--model", "dcgan", "--dataset", "digits", *tiny)
            good("submit", save(folder / "samples", IMAGES), "--track", "digits", "--name", "Blends")
            good("submit", RUN, "--track", "digits", "--name", "Tiny")
        finally:
            os.chdir(before)
    return folder


@pytest.fixture
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


def forge(path, change, files=()):
    """Change the JSON of an entry and files beside it; write all hashes anew, and level 3 into verified.json."""
    values = json.loads(path.read_text())
    change(values)
    for name, data in dict(files).items():
        (beside(path) / name).write_bytes(data)
        values["files"][name] = hashlib.sha256(data).hexdigest()
    path.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n")
    raise_level(path, 3)


def raise_level(path, level):
    """What `bench verify` writes, by hand."""
    found = {"schema": 1, "entry_sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "level": level}
    found |= {"bench": "0.1.0", "checked_utc": "2026-11-26T00:00:00Z"}
    (beside(path) / "verified.json").write_text(json.dumps(found))


def said(path):
    """What is wrong with an entry; its board then does not show a level."""
    verdict = verify_one(path, path.parents[2])
    assert verdict.level == verdict.claimed == read_verified(path) == 0
    return "\n".join(problem.what for problem in verdict.problems)

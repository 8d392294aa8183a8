"""Entries of a leaderboard made up for tests: plausible numbers, the same ones every time, no image behind them.

Number 0 is the control train-copies (the best distances, everything copied), number 1 pixel-gaussian (nearly noise),
every fifth of the others a reference model, the rest are submissions of strangers; their quality runs from good to bad.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from run_records import ENVIRONMENT

from bench.leaderboard.entries import (
    SCHEMA,
    About,
    Entry,
    Manifest,
    Origin,
    Remark,
    TrackRecord,
    Verified,
    write_entry,
    write_track,
    write_verified,
)
from bench.leaderboard.entry_places import PREVIEW, beside, entry_path, slug_of, track_path
from bench.leaderboard.entry_places import VERIFIED as VERIFIED_FILE
from bench.leaderboard.tracks import Rules
from bench.protocol import MetricChoice, Protocol, RealSet
from bench.submissions.sheets import enlarged, sheet_size

COUNT = 250
CREATED = "2026-01-{day:02d}T12:00:00Z"
CONTROLS = ("train-copies", "pixel-gaussian")
REFERENCES = ("dcgan", "vae", "wgan-gp", "lsgan", "began")
STRANGERS = ("Lattice GAN", "Plain Diffusion", "Tidewater", "Glyphnet (β = 4)", "Copse", "Flow Matching, small")
AUTHORS = ("A. Rowan", "B. Hazel and C. Alder", "Group 7", "")


def sha256(word):
    """A hash that looks like one."""
    return hashlib.sha256(str(word).encode()).hexdigest()


def rules(dataset="digits", extractor="digits-cnn", logits="logits", domain=""):
    """The rules of a track of 250 images."""
    real = tuple(RealSet(name, domain, "test", COUNT, sha256(f"{dataset} {name}")) for name in ("real 1", "real 2"))
    choices = (
        MetricChoice("fid", 1, {"all_estimates": False, "seed": 2020}),
        *((MetricChoice("inception-score", 1, {"seed": 2020, "splits": 1}),) if logits else ()),
        MetricChoice("kid", 1, {"seed": 2020, "subset_size": 1000, "subsets": 100}),
        MetricChoice("prdc", 1, {"k": 5}),
    )
    protocol = Protocol(
        dataset=dataset,
        shape=(1, 32, 32),
        real=real,
        generated=(COUNT,),
        sampling_seed=0,
        noise_seed=0,
        reconstruction="test",
        extractor=extractor,
        extractor_version=1,
        extractor_sha256=sha256(extractor),
        resize="clean",
        pool="pool",
        logits=logits,
        metrics=choices,
    )
    train = RealSet("train", domain, "train", 1297, sha256(f"{dataset} train"))
    held_out = RealSet("held out", domain, "test", 500, sha256(f"{dataset} held out"))
    return Rules(protocol, train, held_out, MetricChoice("memorisation", 1, {}), MetricChoice("copies", 1, {}))


def scores(quality, luck=0.0, logits="logits", copied=0.0):
    """Numbers of a generator of this quality, 0 (noise) to 1 (real); `luck` moves them a little, either way."""
    fid = 18.2 * (1 - quality) ** 2 + 0.2 * luck
    half = 0.25 + 0.04 * abs(fid)
    classes = 1 + 6.2 * quality + 0.1 * luck
    share = min(1.0, max(0.0, quality + 0.03 * luck))
    kid = fid / 35
    found = {
        "fid": {
            "fid": fid + 0.41,
            "fid_corrected": fid,
            "fid_sd": half / 1.96,
            "fid_low": fid - half,
            "fid_high": fid + half,
            "mean_term": 0.6 * (fid + 0.41),
            "covariance_term": 0.4 * (fid + 0.41),
            "n_a": COUNT,
            "n_b": COUNT,
        },
        "kid": {"kid": kid, "kid_sd": 0.004, "kid_low": kid - 0.008, "kid_high": kid + 0.008},
        "prdc": {"precision": share, "recall": share**1.5, "density": 1.04 * share, "coverage": 0.97 * share**2},
    }
    if logits:
        key = "inception_score"
        found["inception-score"] = {
            key: classes,
            f"{key}_sd": 0.0,
            f"{key}_corrected": classes + 0.1,
            f"{key}_se": 0.15,
            f"{key}_low": classes - 0.2,
            f"{key}_high": classes + 0.5,
        }
    return {**found, "memorisation": memorisation(copied), "copies": copies(copied)}


def memorisation(copied):
    """How a share of copied training images shows in features."""
    share, expected = copied + (1 - copied) * 1297 / 1797, 1297 / 1797
    return {
        "near_duplicates": copied,
        "near_duplicates_expected": 5 / 501,
        "near_duplicates_p": 1e-30 if copied > 0.1 else 0.9,
        "authpct": 88.0 * (1 - copied),
        "c_t": 3.0 - 15.0 * copied,
        "train_share": share,
        "train_share_expected": expected,
        "train_share_z": 9.3 * copied,
        "train_share_p": 1e-20 if copied > 0.4 else 0.5,
        "held_out_p": 0.5,
        "n_train": 1297,
        "n_generated": COUNT,
        "n_held_out": 500,
    }


def copies(copied):
    """How it shows in pixels."""
    return {
        "exact_copies": copied,
        "exact_copies_expected": 0.0,
        "near_copies": copied,
        "near_copies_expected": 5 / 501,
        "near_copies_p": 1e-30 if copied > 0.1 else 0.9,
        "held_out_copies": 0.0,
        "duplicates": 0.1 * copied,
    }


def name_of(number):
    """The name of entry `number`."""
    if number < len(CONTROLS):
        return CONTROLS[number]
    known, place = (REFERENCES, number // 5) if number % 5 == 2 else (STRANGERS, number)
    name, again = known[place % len(known)], place // len(known)
    return f"{name} {again + 1}" if again else name


def entry(number=3, track="digits", chosen=None, quality=None, **changes):
    """Entry `number` of a track; `changes` replace its fields, `about` those of its About."""
    chosen = chosen or rules()
    draw = np.random.RandomState(number)
    if quality is None:
        quality = {0: 1.0, 1: 0.2}.get(number, 0.97 * 0.93 ** (number % 30))
    kind = _kind(number)
    about = About(name_of(number), authors="the authors of this suite" if kind.reference else AUTHORS[number % 4])
    if not (kind.reference or kind.control):
        about = replace(about, link="https://example.org/model", licence="MIT", extra_data="no", seed_policy="seed 0")
    about = replace(about, **changes.pop("about", {}))
    made = Entry(
        schema=SCHEMA,
        track=track,
        track_id=chosen.id,
        rules=chosen,
        slug=slug_of(about.name),
        about=about,
        origin=kind,
        manifest=Manifest(COUNT, sha256(f"root {number}"), sha256(f"images {number}"), 32, 32, "L"),
        scores=scores(quality, draw.uniform(-1, 1), chosen.protocol.logits, copied=float(number == 0)),
        remarks=(Remark("warning", "jpeg", "12 images are JPEG files"),) if number % 7 == 3 else (),
        files={},
        environment=ENVIRONMENT,
        earlier=(),
        created_utc=CREATED.format(day=1 + number % 28),
    )
    return replace(made, **changes)


def _kind(number):
    if number in (0, 1):
        return Origin("checkpoint", sha256(number), name_of(number), {}, 0, 1, 0, reference=True, control=True)
    if number % 5 == 2:
        model = REFERENCES[number // 5 % len(REFERENCES)]
        return Origin("checkpoint", sha256(number), model, {"batch_size": 64, "lr": 2e-4}, 0, 5000, 0, reference=True)
    return Origin(("folder", "zip", "npz")[number % 3], sha256(number))


def track_record(track="digits", chosen=None):
    """The record of a track: real 2 cannot be told from real 1, noise is far away."""
    chosen = chosen or rules()
    logits = chosen.protocol.logits
    landmarks = {"real 2": scores(0.999, -0.5, logits), "noise": scores(0.01, 0.5, logits)}
    return TrackRecord(SCHEMA, track, chosen.id, chosen, landmarks, {}, ENVIRONMENT, "2026-01-01T00:00:00Z")


def write_results(results, count=8, track="digits", chosen=None, pictures=True):
    """A results folder with one track of `count` entries, a third of them verified to some level; their paths."""
    chosen = chosen or rules()
    write_track(track_path(results, track), track_record(track, chosen))
    return [place(results, entry(number, track, chosen), number, pictures) for number in range(count)]


def place(results, made, number=0, picture=True) -> Path:
    """Write one entry with its preview and what was verified of it; its path."""
    path = entry_path(results, made.track, made.slug)
    beside(path).mkdir(parents=True, exist_ok=True)
    if picture:
        preview = beside(path) / PREVIEW
        _draw(preview, number)
        made = replace(made, files={**made.files, PREVIEW: hashlib.sha256(preview.read_bytes()).hexdigest()})
    write_entry(path, made)
    if level := (0, 1, 0, 2, 0, 3)[number % 6]:
        found = Verified(SCHEMA, hashlib.sha256(path.read_bytes()).hexdigest(), level, "0.1.0", "2026-02-01T00:00:00Z")
        write_verified(beside(path) / VERIFIED_FILE, found)
    return path


def _draw(path, number):
    """A preview as a submission has it, enlarged pixel by pixel: of soft blobs, other ones for each number."""
    small = np.random.RandomState(number).randint(0, 256, (48, 48)).astype(np.uint8)
    wide, high = sheet_size(6, 6, (32, 32))
    factor = enlarged((32, 32))
    sheet = Image.fromarray(small).resize((wide // factor, high // factor), Image.Resampling.BICUBIC)
    sheet.resize((wide, high), Image.Resampling.NEAREST).convert("RGB").save(path, compress_level=1)

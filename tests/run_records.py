"""Records made up for the tests of records and tables: plain numbers, no run behind them."""

from dataclasses import replace

from bench.protocol import MetricChoice, Protocol, RealSet
from bench.storage.records import Environment, PairScores, RunRecord, SetScores, Training

ENVIRONMENT = Environment("0.1.0", "3.12.0", {"torch": "2.6.0"}, "Linux 6", "x86_64", "Some CPU", 2, "", "")
TRAINING = Training({"steps": 30}, 60.0, 30, 1.5, 960, 12.0, 32, "cpu", "float32", False, {"generator": 0.7})


def protocol(dataset="digits", labels=("",), extractor="digits-cnn", logits="logits", split_2="test"):
    real = tuple(
        RealSet(name, label, split, 250, f"{name} {label}")
        for label in labels
        for name, split in (("real 1", "test"), ("real 2", split_2))
    )
    return Protocol(
        dataset=dataset,
        shape=(1, 32, 32),
        real=real,
        generated=(250,) * len(labels),
        sampling_seed=0,
        noise_seed=0,
        reconstruction="test",
        extractor=extractor,
        extractor_version=1,
        extractor_sha256="",
        resize="clean",
        pool="pool",
        logits=logits,
        metrics=(MetricChoice("fid", 1, {"seed": 2020}),),
    )


def fid_scores(value, half=0.5):
    return {"fid": value + 0.4, "fid_corrected": value, "fid_low": value - half, "fid_high": value + half}


def pair(name, label, value, half=0.5, mse=None):
    kid = {"kid": value / 10, "kid_low": value / 10 - 0.01, "kid_high": value / 10 + 0.01}
    prdc = {"precision": 0.5, "recall": 0.4, "density": 0.3, "coverage": 0.2}
    scores = {"fid": fid_scores(value, half), "kid": kid, "prdc": prdc}
    return PairScores("real 1", name, label, {**scores, **({"mse": mse} if mse else {})})


def inception(value):
    key = "inception_score"
    return {
        "inception-score": {
            key: value,
            f"{key}_corrected": value,
            f"{key}_low": value - 0.2,
            f"{key}_high": value + 0.2,
        }
    }


def record(model="dcgan", task="generate", seed=0, fid=5.0, half=0.5, chosen=None, labels=("",), **changes):
    """A successful run: real 2 at distance 0.1, generated images at `fid`, noise at 18."""
    chosen = chosen or protocol(labels=labels)
    sets, pairs = [], []
    for label in labels:
        for name, score in (("real 1", 7.2), ("real 2", 7.1), ("generated", 5.5), ("noise", 1.1)):
            sets.append(SetScores(name, label, 250, name, inception(score) if chosen.logits else {}))
        pairs.append(PairScores("real 1", "real 1", label, {"fid": {"fid": 3e-14}}))
        pairs += [pair("real 2", label, 0.1), pair("generated", label, fid, half), pair("noise", label, 18.0)]
    made = RunRecord(
        schema=1,
        status="ok",
        error="",
        model=model,
        task=task,
        seed=seed,
        config={"lr": 0.0002},
        recipe_changes={},
        dataset=chosen.dataset,
        protocol_id=chosen.id,
        protocol=chosen,
        training=TRAINING,
        environment=ENVIRONMENT,
        checkpoint_sha256="",
        samples={},
        sets=tuple(sets),
        pairs=tuple(pairs),
        warnings=(),
        created_utc="2026-01-01T00:00:00Z",
    )
    return replace(made, **changes)

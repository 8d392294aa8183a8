"""The protocol: what makes two numbers comparable."""

import json
from dataclasses import fields, replace

import pytest

from bench.protocol import MetricChoice, Protocol, RealSet, difference, protocol_id
from bench.storage.typed import typed, values_of

REAL = RealSet("real 1", "", "test", 250, "ab" * 32)
PROTOCOL = Protocol(
    dataset="digits",
    shape=(1, 32, 32),
    real=(REAL, replace(REAL, name="real 2", digest="cd" * 32)),
    generated=(250,),
    sampling_seed=0,
    noise_seed=0,
    reconstruction="test",
    extractor="digits-cnn",
    extractor_version=1,
    extractor_sha256="ef" * 32,
    resize="clean",
    pool="pool",
    logits="logits",
    metrics=(MetricChoice("fid", 1, {"seed": 2020}), MetricChoice("prdc", 1, {"k": 5})),
)
CHANGES = {
    "dataset": "mnist",
    "shape": (3, 32, 32),
    "real": (REAL,),
    "generated": (100,),
    "sampling_seed": 1,
    "noise_seed": 1,
    "reconstruction": "train",
    "extractor": "pixels",
    "extractor_version": 2,
    "extractor_sha256": "00" * 32,
    "resize": "tf1",
    "pool": "768",
    "logits": "",
    "metrics": (MetricChoice("fid", 2, {"seed": 2020}), MetricChoice("prdc", 1, {"k": 5})),
    "translated": "real 2",
    "labels": "drawn",
    "packages": ("metric sliced of acme 1.0",),
}


def test_the_id_is_the_start_of_the_sha256_of_canonical_json():
    assert protocol_id({"b": 1, "a": [2]}) == "63c9663de90e"  # printf '{"a":[2],"b":1}' | sha256sum
    assert protocol_id({"a": [2], "b": 1}) == "63c9663de90e"


def test_the_id_survives_a_file():
    for one in (PROTOCOL, replace(PROTOCOL, translated="real 2")):
        values = json.loads(json.dumps(values_of(one)))
        assert protocol_id(values) == one.id
        assert typed(Protocol, values, "it") == one


def test_a_protocol_from_before_the_translated_set_was_a_field_keeps_its_id():
    assert PROTOCOL.id == "036aea4feacd"
    assert not {"translated", "packages"} & set(values_of(PROTOCOL))


def test_equal_protocols_have_no_difference_and_one_id():
    other = replace(PROTOCOL)
    assert difference(PROTOCOL, other) == ()
    assert other.id == PROTOCOL.id


@pytest.mark.parametrize("name", [field.name for field in fields(Protocol)])
def test_every_field_changes_the_id_and_is_named_as_the_difference(name):
    other = replace(PROTOCOL, **{name: CHANGES[name]})
    assert other.id != PROTOCOL.id
    assert difference(PROTOCOL, other) == (name,)


def test_an_option_of_a_metric_changes_the_id():
    other = replace(PROTOCOL, metrics=(MetricChoice("fid", 1, {"seed": 1}), PROTOCOL.metrics[1]))
    assert other.id != PROTOCOL.id


def test_a_number_that_is_not_finite_has_no_id():
    with pytest.raises(ValueError, match="JSON"):
        protocol_id({"a": float("nan")})

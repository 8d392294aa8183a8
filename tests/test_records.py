"""Records: strict, whole, checked field by field when they are read again."""

import errno
import getpass
import json
import math
import platform
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from run_records import TRAINING, protocol, record

from bench.storage.provenance import environment
from bench.storage.records import read_record, read_records, record_path, run_name, slug, write_record
from metrics.errors import InputError


def _written(tmp_path, **changes):
    path = tmp_path / "record.json"
    write_record(path, record(**changes))
    return path


def _edited(tmp_path, edit):
    path = _written(tmp_path)
    values = json.loads(path.read_text())
    edit(values)
    path.write_text(json.dumps(values))
    return path


def test_a_record_comes_back_as_it_was(tmp_path):
    assert read_record(_written(tmp_path)) == record()


def test_a_failed_record_without_training_comes_back(tmp_path):
    failed = record(status="failed", error="the loss is nan", training=None, sets=(), pairs=())
    write_record(tmp_path / "a.json", failed)
    assert read_record(tmp_path / "a.json") == failed


def test_the_file_is_strict_json_with_sorted_keys(tmp_path):
    text = _written(tmp_path).read_text()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_is_not_finite_is_refused_and_named(tmp_path, value):
    bad = record(training=replace(TRAINING, losses={"generator": value}))
    with pytest.raises(ValueError, match=r"record\.training\.losses\.generator"):
        write_record(tmp_path / "record.json", bad)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_one_line_and_keeps_the_earlier_record(tmp_path, monkeypatch):
    path = _written(tmp_path, seed=1)

    def full(self, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_record(path, record(seed=2))
    assert read_record(path).seed == 1
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("schema", [0, 2, None, "1"])
def test_another_schema_is_named(tmp_path, schema):
    path = _edited(tmp_path, lambda values: values.update(schema=schema))
    with pytest.raises(InputError, match=f"has schema {schema!r}, this version reads 1"):
        read_record(path)


def test_a_missing_field_is_named(tmp_path):
    path = _edited(tmp_path, lambda values: values.pop("seed"))
    with pytest.raises(InputError, match=r"record\.json lacks the field 'seed'"):
        read_record(path)


def test_an_unknown_field_is_named(tmp_path):
    path = _edited(tmp_path, lambda values: values["training"].update(host="x"))
    with pytest.raises(InputError, match="training has an unknown field 'host'"):
        read_record(path)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("seed", "0", 'seed is "0"; expected a whole number'),
        ("seed", True, "seed is true; expected a whole number"),
        ("status", "fine", "expected 'ok' or 'failed'"),
        ("sets", {}, "expected a list"),
        ("samples", [], "expected an object"),
        ("training", 3, "expected an object"),
    ],
)
def test_a_field_of_another_type_is_named(tmp_path, field, value, expected):
    path = _edited(tmp_path, lambda values: values.update({field: value}))
    with pytest.raises(InputError) as caught:
        read_record(path)
    assert expected in str(caught.value)
    assert field in str(caught.value)


def test_a_score_that_is_a_text_is_named(tmp_path):
    path = _edited(tmp_path, lambda values: values["pairs"][1]["scores"]["fid"].update(fid="5"))
    with pytest.raises(InputError, match=r"pairs\[1\].*fid.*expected a whole number or a number or null"):
        read_record(path)


def test_nan_in_a_file_is_refused(tmp_path):
    path = _written(tmp_path)
    path.write_text(path.read_text().replace('"seconds": 12.0', '"seconds": NaN'))
    with pytest.raises(InputError, match="NaN"):
        read_record(path)


@pytest.mark.parametrize("content", ["", "{", "[1]", "\x00\x01"])
def test_a_cut_file_is_one_line(tmp_path, content):
    path = tmp_path / "record.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"record\.json"):
        read_record(path)


def test_a_protocol_edited_by_hand_is_found(tmp_path):
    path = _edited(tmp_path, lambda values: values["protocol"].update(resize="tf1"))
    with pytest.raises(InputError, match="edited by hand"):
        read_record(path)


def test_a_record_names_no_host_no_user_and_no_path():
    text = json.dumps(asdict(record(environment=environment("cpu"))))
    for private in (platform.node(), str(Path.home()), f'"{getpass.getuser()}"', str(Path.cwd())):
        assert private not in text


def test_records_are_found_by_data_set_and_protocol(tmp_path):
    one, other = record(), record(model="vae", task="reconstruct")
    for each in (one, other):
        write_record(record_path(tmp_path, each.dataset, each.protocol_id, each.name), each)
    assert {each.model for each in read_records(tmp_path)} == {"dcgan", "vae"}
    assert len(read_records(tmp_path, "digits", one.protocol_id)) == 2
    assert read_records(tmp_path, "mnist") == []
    assert read_records(tmp_path / "nowhere") == []


def test_variants_of_a_model_have_names_of_their_own():
    assert run_name("pix2pix", 0, {}) == "pix2pix-seed0"
    for changes in ({"skips": True, "a": [64, 128]}, {"a": [64, 128], "skips": True}):
        assert run_name("pix2pix", 1, changes) == "pix2pix-a-64-128-skips-true-seed1"
    long = run_name("dcgan", 0, {f"setting{number}": number for number in range(40)})
    other = run_name("dcgan", 0, {f"setting{number}": number + (number == 39) for number in range(40)})
    assert run_name("pix2pix", 1, {"skips": True}, "train:44") == "pix2pix-skips-true-on-train-44-seed1"
    assert len(long) < 140
    assert long != other


def test_names_of_data_sets_become_folders():
    assert slug("emoji/apple") == "emoji-apple"
    assert slug("folder:my faces:64") == "folder-my-faces-64"
    assert slug("fashion-mnist") == "fashion-mnist"


@pytest.mark.parametrize(
    ("change", "said"), [({"real": ()}, "has no set 'real 1'"), ({"generated": ()}, "of no set how many")]
)
def test_a_protocol_that_nothing_can_be_measured_by_is_refused(tmp_path, change, said):
    chosen = replace(protocol(), **change)
    write_record(tmp_path / "a.json", record(chosen=chosen))
    with pytest.raises(InputError, match=said):
        read_record(tmp_path / "a.json")

"""Entries of the leaderboard as files: names, hashes, strict JSON."""

import hashlib

import pytest
from leaderboard_entries import entry, place, track_record, write_results

from bench.leaderboard.entries import merkle_root, read_entry, read_track, read_verified, write_track
from bench.leaderboard.entry_places import entry_path, entry_paths, slug_of, track_path
from bench.storage.records import read_json
from metrics.errors import InputError

LEAVES = [hashlib.sha256(bytes([number])).hexdigest() for number in range(5)]


def node(*parts):
    return hashlib.sha256(b"\x01" + b"".join(parts)).digest()


def test_the_root_of_nothing_and_of_one_image_are_those_of_rfc_6962():
    assert merkle_root([]) == hashlib.sha256(b"").hexdigest()
    assert merkle_root(LEAVES[:1]) == hashlib.sha256(b"\x00" + bytes.fromhex(LEAVES[0])).hexdigest()


def test_a_root_is_that_of_the_tree_built_by_hand():
    a, b, c, d, e = (hashlib.sha256(b"\x00" + bytes.fromhex(leaf)).digest() for leaf in LEAVES)
    assert merkle_root(LEAVES[:3]) == node(node(a, b), c).hex()
    assert merkle_root(LEAVES) == node(node(node(a, b), node(c, d)), e).hex()


def test_a_root_changes_with_any_image_and_with_the_order():
    roots = {merkle_root(LEAVES), merkle_root(LEAVES[::-1]), merkle_root(LEAVES[:4]), merkle_root(LEAVES[1:])}
    assert len(roots) == 4


@pytest.mark.parametrize(
    ("name", "slug"), [("My GAN (v2)", "my-gan-v2"), ("Éclair", "eclair"), ("../../etc", "etc"), ("a/b\\c", "a-b-c")]
)
def test_a_name_becomes_a_file_name_without_separators(name, slug):
    assert slug_of(name) == slug


@pytest.mark.parametrize(
    ("name", "start"),
    [("模型", "entry-"), ("Ελληνικά", "entry-"), ("β-VAE", "vae-"), ("模型 2", "2-")],
)
def test_letters_of_other_scripts_are_told_apart_by_a_hash(name, start):
    made = slug_of(name)
    assert made == f"{start}{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    assert slug_of(made) == made


def test_names_of_other_scripts_never_share_a_file():
    names = ["模型", "型模", "模型 1", "類型 1", "VAE", "β-VAE", "γ-VAE", "модель", "Модель", "가", "각"]
    assert len({slug_of(name) for name in names}) == len(names)


def test_one_name_in_two_spellings_of_unicode_has_one_file():
    assert slug_of("\u1f04 β") == slug_of("\u03b1\u0313\u0301 β")
    assert slug_of(" 模型 ") == slug_of("模型")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *(("", "0 characters"), (" ", "0 characters"), ("x" * 10_000, "10000 characters")),
        *(("a\x07", "U+0007"), ("a\u202eb", "U+202E"), ("a\nb", "U+000A")),
        *(("...", "no letter and no digit"), ("→ ★", "no letter and no digit")),
    ],
)
def test_a_name_that_is_no_name_is_refused(name, said):
    with pytest.raises(InputError, match=said.replace("+", r"\+")):
        slug_of(name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": NaN}', "NaN"),
        ('{"a": 1, "a": 2}', "the key 'a' twice"),
        ("{", "is not a readable JSON"),
        ("[" * 100_000, "not a readable JSON"),
    ],
)
def test_json_that_is_not_strict_is_refused(tmp_path, text, said):
    path = tmp_path / "entry.json"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_json(path)


@pytest.mark.parametrize("number", [0, 2, 3])
def test_an_entry_comes_back_as_it_was(tmp_path, number):
    made = entry(number)
    assert read_entry(place(tmp_path, made, picture=False)) == made


def test_the_record_of_a_track_comes_back_as_it_was(tmp_path):
    write_track(track_path(tmp_path, "digits"), track_record())
    assert read_track(track_path(tmp_path, "digits")) == track_record()


def test_what_was_verified_is_bound_to_the_bytes_of_the_entry(tmp_path):
    path = write_results(tmp_path, 2, pictures=False)[1]
    assert read_verified(path) == 1
    path.write_text(path.read_text() + "\n")
    assert read_verified(path) == 0


def test_entries_are_sorted_by_path_and_a_broken_one_is_named(tmp_path):
    write_results(tmp_path, 6, pictures=False)
    found = [read_entry(path) for path in entry_paths(tmp_path, "digits")]
    assert [one.slug for one in found] == sorted(one.slug for one in found)
    entry_path(tmp_path, "digits", found[2].slug).write_text("{")
    with pytest.raises(InputError, match=rf"{found[2].slug}\.json is not a readable JSON"):
        [read_entry(path) for path in entry_paths(tmp_path, "digits")]

"""What is kept in files and caches and what is refused there: each reason alone, at its bound and beside it."""

import errno
import hashlib
import json
import os
import time
import zipfile
from datetime import timedelta

import numpy as np
import pytest

from bench.leaderboard.entries import merkle_root
from bench.leaderboard.entry_places import slug_of
from bench.leaderboard.evidence import hash_rows, hashes_of
from bench.measuring import batches
from bench.runs.checkpoint_files import checkpoint_file
from bench.sources import digest_of as digest_of_set
from bench.storage.array_files import ArrayFile, map_bytes
from bench.storage.cache import Cache, digest_of, not_kept
from bench.storage.engines import empty_engines, engines
from bench.storage.files import npz_bytes
from bench.storage.reading import Unreadable
from genbench.names import did_you_mean
from metrics.errors import InputError
from reference_models.loop.checkpoints import FILE_NAME

KEY, OTHER = "0" * 64, "f" * 64
META = {"what": "ones", "source": "cats"}


# ----- arrays


def test_an_npz_says_which_of_its_members_can_be_mapped_and_gives_them_by_name(tmp_path):
    rows = np.arange(6.0).reshape(2, 3)
    np.savez(tmp_path / "a.npz", rows=rows, one=np.array(3))
    np.savez_compressed(tmp_path / "b.npz", rows=rows)
    with ArrayFile(tmp_path / "a.npz") as file:
        assert (file.names, file.stored("rows")) == (["rows", "one"], True)
        np.testing.assert_array_equal(file.map("rows"), rows)
        assert not file.map("rows").flags.writeable
        assert (file.header("rows").shape, file.header("rows").size_bytes) == ((2, 3), 48)
        np.testing.assert_array_equal(file.read("rows", most=48), rows)
        with pytest.raises(Unreadable, match=r"claims an array of 48 bytes, expected at most 47"):
            file.read("rows", most=47)
        with pytest.raises(Unreadable, match="holds no two"):
            file.read("two", most=9)
    with ArrayFile(tmp_path / "b.npz") as file:
        assert not file.stored("rows")


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("text", ["", "ä\u4e2d and more"])
def test_a_text_of_either_byte_order_comes_back(tmp_path, order, text):
    (tmp_path / "a.npz").write_bytes(npz_bytes({"text": np.array(text, f"{order}U20")}))
    with ArrayFile(tmp_path / "a.npz") as file:
        assert file.text("text", most=80) == text


@pytest.mark.parametrize(("array", "said"), [(np.array(3.0), r"is float64 \[\]"), (np.array(["a"]), r"is <U1 \[1\]")])
def test_what_is_no_single_text_is_refused(tmp_path, array, said):
    (tmp_path / "a.npz").write_bytes(npz_bytes({"text": array}))
    with ArrayFile(tmp_path / "a.npz") as file, pytest.raises(Unreadable, match=f"text {said}, expected a text"):
        file.text("text", most=80)


def test_one_name_with_and_without_its_ending_is_twice_the_same(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("rows", b"")
        archive.writestr("rows.npy", b"")
    with pytest.raises(Unreadable, match="holds 'rows' twice"):
        ArrayFile(tmp_path / "a.npz")


def test_the_bytes_of_a_file_are_an_array_and_of_an_empty_one_an_empty_array(tmp_path):
    for data in (b"abc", b""):
        (tmp_path / "x").write_bytes(data)
        found = map_bytes(tmp_path / "x")
        assert (found.tobytes(), found.shape) == (data, (len(data),))


# ----- the cache


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "features")


@pytest.mark.parametrize(("number", "full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EACCES, False)])
def test_only_a_full_disk_is_answered_with_emptying(number, full):
    said = not_kept(OSError(number, "why"))
    assert said.startswith("not kept in the cache (why): the result is complete, but will be computed again; ")
    assert ("`bench cache empty` frees space, BENCH_CACHE names" in said) is full
    assert said.endswith("BENCH_CACHE names another folder")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arrays": {}}, "lists no arrays"),
        ({"arrays": ["rows"]}, "lists no arrays"),
        ({"key": OTHER}, "belongs to another entry"),
        ({"meta": []}, "belongs to another entry"),
        ({"arrays": {"../rows": "x"}}, "names the array '../rows'"),
        ({"arrays": {"rows": "x"}}, "rows.npy does not have the sha256 that was written down"),
        ({"arrays": {"other": "x"}}, "other.npy does not exist"),
    ],
)
def test_an_entry_whose_record_does_not_hold_is_damaged_for_its_own_reason(cache, changes, said):
    cache.put(KEY, {"rows": np.ones(3)}, META)
    path = cache.root / KEY / "entry.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    lines = []
    assert cache.get(KEY) is cache.get(KEY, lines.append) is None
    assert len(lines) == 1 and said in lines[0] and lines[0].startswith("the cache entry 000000000000 is damaged (")
    (finding,) = cache.verify()
    assert (finding.key, said in finding.problem) == (KEY, True)


def test_a_record_that_is_no_object_is_damaged(cache):
    cache.put(KEY, {"rows": np.ones(3)}, META)
    (cache.root / KEY / "entry.json").write_text("[1]")
    assert "lists no arrays" in cache.verify()[0].problem
    (entry,) = cache.entries()
    assert (entry.what, entry.source, entry.meta) == ("damaged: entry.json lists no arrays", "", {})


def test_entries_stand_by_their_age_then_by_their_key_and_nothing_else_is_one(cache):
    for key in (OTHER, KEY, "1" * 64):
        cache.put(key, {"rows": np.ones(3)}, {**META, "what": key[:1]} if key != KEY else {})
    (cache.root / "notes").mkdir()
    (cache.root / ("2" * 64)).write_text("a file")
    for folder, when in ((OTHER, 1_000), (KEY, 2_000), ("1" * 64, 1_000)):
        for path in (*(cache.root / folder).iterdir(), cache.root / folder):
            os.utime(path, (when, when))
    found = cache.entries()
    assert [(one.key[0], one.what, one.source, one.when.timestamp()) for one in found] == [
        ("1", "1", "cats", 1_000), ("f", "f", "cats", 1_000), ("0", "", "", 2_000)
    ]  # fmt: skip
    sizes = [path.stat().st_size for path in (cache.root / KEY).iterdir()]
    assert found[2].size_bytes == sum(sizes)
    assert cache.empty(timedelta(days=1)) == sum(one.size_bytes for one in found)
    assert cache.entries() == [] and (cache.root / "notes").is_dir()


def test_an_array_of_a_strange_name_is_not_taken(cache):
    for name in ("", "../x", "-x", "a b"):
        with pytest.raises(ValueError, match="cannot name an array"):
            cache.put(KEY, {name: np.ones(1)}, META)
    assert cache.put(KEY, {"a_1-x": np.ones(1)}, META) == ""


def test_compiled_networks_are_removed_all_or_the_old_ones(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path))
    assert (engines(), empty_engines()) == ([], 0)
    folder = tmp_path / "engines"
    (folder / "a folder").mkdir(parents=True)
    for name, data in (("old", b"12345"), ("new", b"123")):
        (folder / name).write_bytes(data)
    os.utime(folder / "old", (time.time() - 7_200,) * 2)
    assert engines() == [folder / "new", folder / "old"]
    assert (empty_engines(timedelta(hours=3)), empty_engines(timedelta(hours=1)), engines()) == (0, 5, [folder / "new"])
    assert (empty_engines(), engines()) == (3, [])


def test_a_key_is_that_of_its_fields_in_any_order_and_of_finite_numbers():
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1}) != digest_of({"a": 1, "b": 3})
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest_of({"a": float("nan")})


# ----- batches


def grouped(sizes, batch_size):
    images = [np.zeros((3, 2, size), np.uint8) for size in sizes]
    return [rows.tolist() for rows, _ in batches._batches(images, batch_size)]


@pytest.mark.parametrize(
    ("sizes", "batch_size", "rows"),
    [
        ([], 2, []),
        ([1], 2, [[0]]),
        ([1, 1, 1], 2, [[0, 1], [2]]),
        ([1, 2, 1, 2, 3], 2, [[0, 2], [1, 3], [4]]),
        ([9, 1, 1, 1], 2, [[1, 2], [0], [3]]),
        ([9, 1, 1, 1, 2, 1], 2, [[1, 2], [0], [3, 5], [4]]),  # for two batches, which are four images
        ([9, 1, 1, 1, 1, 1, 1], 2, [[1, 2], [3, 4], [0], [5, 6]]),  # a full batch goes first
        ([9, 1, 1, 1, 9, 1], 2, [[1, 2], [0, 4], [3, 5]]),
    ],
)
def test_images_wait_for_others_of_their_size_for_so_many_batches(monkeypatch, sizes, batch_size, rows):
    monkeypatch.setattr(batches, "WINDOW_BATCHES", 2)
    assert grouped(sizes, batch_size) == rows


@pytest.mark.parametrize(
    ("sizes", "rows"),
    [
        ([1, 1, 1, 1], [[0, 1, 2, 3]]),  # 24 bytes
        ([1, 1, 1, 1, 1, 2, 2], [[0, 1, 2, 3, 4], [5, 6]]),  # 30, and then 24
        ([1, 2, 1, 2], [[0, 2], [1, 3]]),
    ],
)
def test_images_wait_until_they_take_so_many_bytes(monkeypatch, sizes, rows):
    monkeypatch.setattr(batches, "WINDOW_BYTES", 30)
    assert grouped(sizes, 9) == rows


@pytest.mark.parametrize(
    ("name", "said"), [("pol", "Did you mean 'pool'?"), ("zzz", "There are: pool, logits."), ("logit", "'logits'?")]
)
def test_what_is_meant_by_a_name_that_is_not_there(name, said):
    assert did_you_mean(name, ("pool", "logits")).endswith(said)


# ----- names and hashes of entries


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("My GAN", "my-gan"),
        (" -.x_1.- ", "x_1"),
        ("é", "e"),
        ("a/b", "a-b"),
        ("x" * 80, "x" * 80),
        ("模型", f"entry-{hashlib.sha256('模型'.encode()).hexdigest()[:8]}"),
        ("a 模", f"a-{hashlib.sha256('a 模'.encode()).hexdigest()[:8]}"),
        ("a ♥", "a"),
    ],
)
def test_the_file_name_of_an_entry(name, slug):
    assert slug_of(name) == slug


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "has 0 characters; expected 1 to 80"),
        ("x" * 81, "has 81 characters"),
        ("a\u200b", r"invisible character U\+200B"),
        ("a\n", r"invisible character U\+000A"),
        ("a\u2028b", r"U\+2028"),
        ("\ue000", r"U\+E000"),
        ("♥", "has no letter and no digit"),
        ("...", "has no letter and no digit"),
    ],
)
def test_a_name_that_no_file_can_have(name, said):
    with pytest.raises(InputError, match=said):
        slug_of(name)


def leaf(one):
    return hashlib.sha256(b"\x00" + bytes.fromhex(one)).digest()


def node(a, b):
    return hashlib.sha256(b"\x01" + a + b).digest()


def test_the_root_of_a_manifest_is_that_of_rfc_6962():
    hashes = [hashlib.sha256(bytes([row])).hexdigest() for row in range(5)]
    a, b, c, d, e = map(leaf, hashes)
    roots = [hashlib.sha256(b"").digest(), a, node(a, b), node(node(a, b), c), node(node(a, b), node(c, d))]
    roots.append(node(node(node(a, b), node(c, d)), e))
    assert [merkle_root(hashes[:count]) for count in range(6)] == [root.hex() for root in roots]
    assert digest_of_set(hashes[:2]) == hashlib.sha256(f"{hashes[0]}\n{hashes[1]}".encode()).hexdigest()
    assert hashes_of(hash_rows(hashes)) == hashes and hash_rows(hashes).shape == (5, 32)


# ----- which file a checkpoint is


def test_a_checkpoint_is_a_file_or_the_one_in_a_folder(tmp_path):
    assert checkpoint_file(tmp_path / "nothing").path == tmp_path / "nothing"
    assert checkpoint_file(tmp_path).path == tmp_path / FILE_NAME
    for name in ("config.json", "model_index.json"):
        (tmp_path / name).write_text("{}")
        with pytest.raises(InputError, match=f"is a folder of another library \\(it has a {name}\\); expected the"):
            checkpoint_file(tmp_path)
        (tmp_path / FILE_NAME).write_bytes((10).to_bytes(8, "little") + b'{"a": {}} ')
        assert checkpoint_file(tmp_path).path == tmp_path / FILE_NAME
        for made in (FILE_NAME, name):
            (tmp_path / made).unlink()
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    with pytest.raises(InputError, match=r"x\.png is .*; expected the folder of a run or of an exported model, or the"):
        checkpoint_file(tmp_path / "x.png")

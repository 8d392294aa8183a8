"""Downloads against a server on this machine: resumed, checked, never half; archives that would write elsewhere."""

import hashlib
import io
import shutil
import sys
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from dataset_layouts import write_horse2zebra

from bench.datasets import horse2zebra, mnist
from bench.datasets._archives import unpack
from bench.datasets._torchvision import fetch_with_torchvision
from bench.storage.download import download
from metrics.errors import InputError

BODY = bytes(range(256)) * 40
SHA256 = hashlib.sha256(BODY).hexdigest()


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.headers.get("Range"))
        start = 0
        if self.headers.get("Range") and self.path != "/no-ranges":
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200 if self.path != "/missing" else 404)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
        self.send_header("Content-Length", str(len(BODY) - start))
        self.end_headers()
        self.wfile.write(BODY[start : 5_000 if self.path == "/breaks" and not start else None])

    def log_message(self, *_):
        pass


@pytest.fixture(autouse=True)
def _online(monkeypatch):
    monkeypatch.delenv("BENCH_OFFLINE")


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as served:
        served.asked = []
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        served.shutdown()
        thread.join()


def url(server, path="/file"):
    return f"http://127.0.0.1:{server.server_port}{path}"


def test_a_download_is_whole_and_says_how_far_it_is(server, tmp_path):
    seen = []
    download(url(server), tmp_path / "new" / "file", len(BODY), SHA256, lambda *step: seen.append(step))
    assert (tmp_path / "new" / "file").read_bytes() == BODY
    assert seen[-1] == (len(BODY), len(BODY))
    assert not (tmp_path / "new" / "file.partial").exists()


def test_an_interrupted_download_goes_on_where_it_stopped(server, tmp_path):
    with pytest.raises(InputError, match=r"stopped after 5000 of 10240 bytes; run the command again to continue"):
        download(url(server, "/breaks"), tmp_path / "file")
    assert not (tmp_path / "file").exists()
    download(url(server, "/breaks"), tmp_path / "file", sha256=SHA256)
    assert (tmp_path / "file").read_bytes() == BODY
    assert server.asked == [None, "bytes=5000-"]


def test_a_server_without_ranges_starts_again(server, tmp_path):
    (tmp_path / "file.partial").write_bytes(b"old")
    download(url(server, "/no-ranges"), tmp_path / "file", len(BODY), SHA256)
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_part_that_is_already_whole_is_only_checked(server, tmp_path):
    (tmp_path / "file.partial").write_bytes(BODY)
    download(url(server), tmp_path / "file", len(BODY), SHA256)
    assert server.asked == []


@pytest.mark.parametrize("size, sha256, said", [(9, None, "gave 10240 bytes, expected 9"), (None, "0" * 64, "sha256")])
def test_another_file_than_expected_is_refused_and_not_kept(server, tmp_path, size, sha256, said):
    with pytest.raises(InputError, match=said):
        download(url(server), tmp_path / "file", size, sha256)
    assert list(tmp_path.iterdir()) == []


def test_an_absent_file_is_one_line(server, tmp_path):
    with pytest.raises(InputError, match=r"/missing cannot be had \(Not Found\); run the command again") as error:
        download(url(server, "/missing"), tmp_path / "file")
    assert "\n" not in str(error.value)


def test_no_server_is_one_line(tmp_path):
    with pytest.raises(InputError, match="run the command again"):
        download("http://127.0.0.1:9/file", tmp_path / "file")


def test_no_download_where_it_is_forbidden(server, tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_OFFLINE", "1")
    with pytest.raises(
        InputError, match=r"BENCH_OFFLINE is set and forbids to download http.*; put the file at .*file"
    ):
        download(url(server), tmp_path / "file")
    with pytest.raises(InputError, match="mnist: BENCH_OFFLINE is set and forbids the download; by hand"):
        fetch_with_torchvision("mnist", tmp_path, lambda sets: None, "by hand")
    assert (server.asked, list(tmp_path.iterdir())) == ([], [])


@pytest.mark.parametrize("value", ["", "0"])
def test_an_empty_variable_or_a_0_forbids_nothing(server, tmp_path, monkeypatch, value):
    monkeypatch.setenv("BENCH_OFFLINE", value)
    download(url(server), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == BODY


def test_too_little_space_is_said_before_anything_is_written(server, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 5, 5))
    with pytest.raises(InputError, match="has 5 bytes free, but the download needs 10240; make room"):
        download(url(server), tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def write_zip(path, names, link=False):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o120777 if link else 0o100644) << 16
            archive.writestr(info, b"content")


def write_tar(path, names, kind=tarfile.REGTYPE):
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, "elsewhere", 7 if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(b"content"))


@pytest.mark.parametrize("write, name", [(write_zip, "set.zip"), (write_tar, "set.tar.gz")])
def test_an_archive_unpacks_to_its_folder(tmp_path, write, name):
    write(tmp_path / name, ["set/a.jpg", "set/deep/b.jpg"])
    unpack(tmp_path / name, tmp_path, "set")
    assert (tmp_path / "set" / "deep" / "b.jpg").read_bytes() == b"content"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set", name]


@pytest.mark.parametrize("write, name", [(write_zip, "set.zip"), (write_tar, "set.tar.gz")])
@pytest.mark.parametrize("member", ["/set/a", "../a", "set/../../a", "other/a", "C:/a", "set\\..\\..\\a"])
def test_a_member_outside_the_folder_is_refused(tmp_path, write, name, member):
    write(tmp_path / name, ["set/first", member])
    with pytest.raises(InputError, match="which is not below set/"):
        unpack(tmp_path / name, tmp_path, "set")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_of_a_tar_are_refused(tmp_path, kind):
    write_tar(tmp_path / "set.tar.gz", ["set/a"], kind)
    with pytest.raises(InputError, match="link or device 'set/a'"):
        unpack(tmp_path / "set.tar.gz", tmp_path, "set")


def test_links_of_a_zip_are_refused(tmp_path):
    write_zip(tmp_path / "set.zip", ["set/a"], link=True)
    with pytest.raises(InputError, match="the link 'set/a'"):
        unpack(tmp_path / "set.zip", tmp_path, "set")


@pytest.mark.parametrize("content", [b"", b"<html>", None])
def test_a_damaged_archive_is_named(tmp_path, content):
    write_tar(tmp_path / "set.tar.gz", ["set/a", "set/b"])
    whole = (tmp_path / "set.tar.gz").read_bytes()
    (tmp_path / "set.tar.gz").write_bytes(whole[:-20] if content is None else content)
    with pytest.raises(InputError, match=r"set\.tar\.gz is damaged"):
        unpack(tmp_path / "set.tar.gz", tmp_path, "set")
    assert [path.name for path in tmp_path.iterdir()] == ["set.tar.gz"]


def test_nothing_is_unpacked_over_what_is_there(tmp_path):
    write_zip(tmp_path / "set.zip", ["set/a"])
    (tmp_path / "set").mkdir()
    with pytest.raises(InputError, match="is already there; move it away"):
        unpack(tmp_path / "set.zip", tmp_path, "set")


def test_a_fetched_set_is_held_to_its_published_counts(tmp_path):
    write_horse2zebra(tmp_path)
    with pytest.raises(InputError, match=r"horse2zebra train horse: 4 images .* expected 1067"):
        horse2zebra.fetch(tmp_path)


def test_a_failed_torchvision_download_says_how_to_do_without(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", SimpleNamespace(datasets=None))  # its import takes seconds

    def fail(_):
        raise RuntimeError("Error downloading\nthe file")

    with pytest.raises(InputError) as error:
        fetch_with_torchvision("mnist", tmp_path, fail, mnist.DATASET.howto)
    assert str(error.value) == (
        "mnist: the download failed (Error downloading the file); run the command again, or put the four idx files "
        "(plain or .gz) into MNIST/raw below the data root"
    )

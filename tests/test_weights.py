"""Where weights are found, and how they are fetched, from a server of this process."""

import hashlib
import http.server
import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from bench import registry, weights
from metrics.errors import InputError
from metrics.extractors.types import WeightFile
from reference_models.pretrained.types import PublicFile

CONTENT = bytes(range(256)) * 2000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def _no_torch_hub(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture
def inception():
    """The extractor, with a weight file of half a megabyte."""
    file = WeightFile("net-12345678.pth", "http://127.0.0.1:9/net-12345678.pth", SHA256, len(CONTENT), "MIT")
    return replace(registry.load("extractors", "inception"), weights=(file,))


def keep(folder, content=CONTENT, name="net-12345678.pth"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


# ----- finding


def test_an_explicit_file_comes_first(inception, tmp_path, monkeypatch):
    keep(weights.folder())
    monkeypatch.setenv("BENCH_WEIGHTS", str(keep(tmp_path / "env")))
    mine = keep(tmp_path, b"fine-tuned", "mine.pth")
    found = weights.find(inception, mine)
    assert (found.path, found.official) == (mine, False)
    assert found.sha256 == hashlib.sha256(b"fine-tuned").hexdigest()


def test_a_tilde_in_its_path_is_the_home_folder(inception, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    mine = keep(tmp_path, b"fine-tuned", "mine.pth")
    assert weights.find(inception, Path("~/mine.pth")).path == mine


def test_the_published_bytes_are_official_wherever_they_lie(inception, tmp_path):
    assert weights.find(inception, keep(tmp_path, name="renamed.pth")).official


@pytest.mark.parametrize("named", ["file", "folder"])
def test_the_environment_names_a_file_or_a_folder(inception, tmp_path, monkeypatch, named):
    keep(weights.folder())
    path = keep(tmp_path / "env")
    monkeypatch.setenv("BENCH_WEIGHTS", str(path if named == "file" else path.parent))
    assert weights.find(inception).path == path


def test_a_folder_in_the_environment_without_the_file_leaves_the_cache(inception, tmp_path, monkeypatch):
    path = keep(weights.folder())
    monkeypatch.setenv("BENCH_WEIGHTS", str(tmp_path))
    assert weights.find(inception).path == path


def test_a_place_that_does_not_exist_is_an_error(inception, tmp_path):
    with pytest.raises(InputError, match=r"no weights at .*missing\.pth"):
        weights.find(inception, tmp_path / "missing.pth")


def test_the_download_of_torch_hub_is_used_where_its_hash_fits(inception, tmp_path):
    path = keep(tmp_path / "torch" / "hub" / "checkpoints")
    assert weights.find(inception).path == path
    path.write_bytes(CONTENT[::-1])
    with pytest.raises(InputError, match="has no weights here"):
        weights.find(inception)


def test_a_damaged_file_in_the_cache_is_an_error(inception):
    keep(weights.folder(), CONTENT[:-1])
    with pytest.raises(InputError, match=r"net-12345678\.pth is damaged"):
        weights.find(inception)


def test_missing_weights_are_one_line_with_all_that_helps(inception):
    with pytest.raises(InputError) as caught:
        weights.find(inception)
    message = str(caught.value)
    wanted = ["net-12345678.pth", inception.weights[0].url, SHA256, "bench weights fetch inception", "vgg16-random"]
    assert [part for part in wanted if part not in message] == []
    assert "\n" not in message


def test_offline_does_not_advise_a_download(inception):
    with pytest.raises(InputError) as caught:
        weights.find(inception, offline=True)
    assert "bench weights fetch" not in str(caught.value)


def test_an_extractor_without_weights_needs_none(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCH_WEIGHTS", str(tmp_path / "anything"))
    assert weights.find(registry.load("extractors", "pixels")) == weights.Weights(None, "", True)


def test_an_extractor_without_weights_takes_no_file(tmp_path):
    with pytest.raises(InputError, match=r"pixels.*leave --weights away"):
        weights.find(registry.load("extractors", "pixels"), tmp_path)


@pytest.mark.parametrize("name", registry.names("extractors"))
def test_the_hash_of_each_public_file_begins_with_the_prefix_in_its_name(name):
    for file in registry.load("extractors", name).weights:
        prefix = re.search(r"-([0-9a-f]{8})\.", file.name)
        assert prefix is None or file.sha256.startswith(prefix[1])
        assert file.url.startswith("https://") and file.url.endswith(file.name)


def test_an_extractor_ships_its_weights(tmp_path, monkeypatch):
    digits = replace(registry.load("extractors", "pixels"), shipped="net.safetensors")
    monkeypatch.setattr(weights, "SHIPPED", tmp_path)
    with pytest.raises(InputError, match=r"lacks .*net\.safetensors"):
        weights.find(digits)
    path = keep(tmp_path, b"small", "net.safetensors")
    assert weights.find(digits) == weights.Weights(path, hashlib.sha256(b"small").hexdigest(), True)


def test_status_lists_missing_and_found_files(monkeypatch):
    before = {row.name: row.place for row in weights.status() if row.used_by == "inception"}
    assert set(before.values()) == {""}
    file = registry.load("extractors", "inception").weights[0]
    keep(weights.folder(), b"cut off", file.name)
    assert {row.place for row in weights.status() if row.name == file.name} == {"damaged"}


def test_status_shows_what_the_environment_names(tmp_path, monkeypatch):
    name = registry.load("extractors", "inception").weights[0].name
    for place in (tmp_path / name, tmp_path):
        (tmp_path / name).write_bytes(b"one's own")
        monkeypatch.setenv("BENCH_WEIGHTS", str(place))
        row = next(row for row in weights.status() if row.name == name)
        assert (row.path, row.place) == (tmp_path / name, "BENCH_WEIGHTS")


def test_a_wrong_place_in_the_environment_is_named(inception, monkeypatch):
    monkeypatch.setenv("BENCH_WEIGHTS", "nowhere")
    with pytest.raises(InputError, match=r"no weights at 'nowhere' \(from BENCH_WEIGHTS\)"):
        weights.find(inception)


# ----- fetching


class Server(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT; the class attributes say how it misbehaves."""

    content = CONTENT
    ranges = True
    stop_after: int | None = None
    status = 200
    length = True

    def do_GET(self):
        type(self).requests.append(self.headers.get("Range"))
        if self.status != 200:
            self.send_error(self.status)
            return
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")) if self.ranges else None
        start = int(asked[1]) if asked else 0
        self.send_response(206 if asked else 200)
        if self.length:
            self.send_header("Content-Length", str(len(self.content) - start))
        self.end_headers()
        self.wfile.write(self.content[start : self.stop_after])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(inception, monkeypatch):
    """A server whose behaviour tests change by attributes, as the only address of the inception weights."""
    handler = type("Handler", (Server,), {"requests": []})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{running.server_port}/net-12345678.pth"
        handler.url = url
        served = replace(inception, weights=(replace(inception.weights[0], url=url),))
        monkeypatch.setattr(weights.registry, "load", lambda kind, name: served)
        yield handler
        running.shutdown()
        thread.join()


def left():
    return sorted(path.name for path in weights.folder().glob("*"))


def test_fetch_keeps_the_file_and_reports_progress(server):
    seen = []
    path = weights.fetch("inception", lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert left() == ["net-12345678.pth"]


def test_what_is_there_is_not_fetched_again(server):
    keep(weights.folder())
    weights.fetch("inception")
    assert server.requests == []


def test_a_damaged_file_is_replaced(server):
    keep(weights.folder(), b"cut off")
    assert weights.fetch("inception").read_bytes() == CONTENT


def test_a_transfer_that_breaks_off_is_continued(server):
    server.stop_after = 100_000
    with pytest.raises(InputError, match="broke off after 100000 of 512000 bytes"):
        weights.fetch("inception")
    server.stop_after = None
    assert weights.fetch("inception").read_bytes() == CONTENT
    assert server.requests == [None, "bytes=100000-"]


def test_a_server_that_cannot_continue_sends_everything(server):
    keep(weights.folder(), CONTENT[:1000], "net-12345678.pth.part")
    server.ranges = False
    assert weights.fetch("inception").read_bytes() == CONTENT


@pytest.mark.parametrize("length", [True, False])
def test_a_file_of_unknown_size_is_fetched_whether_or_not_the_server_says_it(server, inception, monkeypatch, length):
    server.length = length
    unsized = replace(inception, weights=(replace(inception.weights[0], url=server.url, size=0),))
    monkeypatch.setattr(weights.registry, "load", lambda kind, name: unsized)
    seen = []
    assert weights.fetch("inception", lambda *given: seen.append(given)).read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT) if length else 0)


@pytest.mark.parametrize("begun", [0, 5000, len(CONTENT)])
def test_other_bytes_are_refused_and_not_kept(server, begun):
    server.content = CONTENT[::-1]
    if begun:
        keep(weights.folder(), b"x" * begun, "net-12345678.pth.part")
    with pytest.raises(InputError, match=r"other bytes.*expected"):
        weights.fetch("inception")
    assert left() == []


def test_a_file_that_cannot_be_written_is_an_error(server):
    (weights.folder() / "net-12345678.pth.part").mkdir(parents=True)
    with pytest.raises(InputError, match=r"cannot write .*net-12345678\.pth\.part"):
        weights.fetch("inception")


def test_an_address_that_is_gone_is_an_error(server):
    server.status = 404
    with pytest.raises(InputError, match=r"does not answer.*Not Found"):
        weights.fetch("inception")


def test_offline_fetches_nothing(server):
    with pytest.raises(InputError, match="--offline forbids"):
        weights.fetch("inception", offline=True)
    assert server.requests == []


def test_nothing_to_fetch_is_said():
    with pytest.raises(InputError, match="'pixels' has no weights to fetch"):
        weights.fetch("pixels")


def test_an_unknown_extractor_is_answered_with_the_close_name():
    with pytest.raises(InputError, match="Did you mean 'inception'"):
        weights.fetch("incepton")


def test_a_file_whose_hash_is_not_on_record_is_fetched_anew_and_kept(server, monkeypatch):
    file = PublicFile("net.bin", server.url, "", 0, "?")
    monkeypatch.setattr(weights, "fetchable", lambda name: [file])
    keep(weights.folder(), b"begun", "net.bin.part")
    seen = []
    path = weights.fetch("any", lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))  # the server says how many
    assert server.requests == [None]
    server.stop_after = 100
    path.unlink()
    with pytest.raises(InputError, match="broke off after 100 of 512000"):
        weights.fetch("any")


def test_generators_can_be_fetched_and_are_listed():
    rows = {row.used_by: row for row in weights.status()}
    for name in registry.names("pretrained"):
        (file,) = weights.fetchable(name)
        assert rows[name].url == file.url
        assert (rows[name].path, rows[name].place) == (None, "")

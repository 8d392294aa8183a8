"""Where weights are found, and how they are fetched, from a server of this process."""

import hashlib
import http.server
import re
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bench import registry, weights
from bench.measuring.measure import measure
from bench.storage import watching
from bench.storage.kept_weights import weights_folder
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
    keep(weights_folder())
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
    keep(weights_folder())
    path = keep(tmp_path / "env")
    monkeypatch.setenv("BENCH_WEIGHTS", str(path if named == "file" else path.parent))
    assert weights.find(inception).path == path


def test_a_folder_in_the_environment_without_the_file_leaves_the_cache(inception, tmp_path, monkeypatch):
    path = keep(weights_folder())
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
    keep(weights_folder(), CONTENT[:-1])
    with pytest.raises(InputError, match=r"net-12345678\.pth is damaged"):
        weights.find(inception)


def test_missing_weights_are_one_short_line_with_what_helps(inception):
    with pytest.raises(weights.MissingWeights) as caught:
        weights.find(inception)
    assert str(caught.value) == (
        "extractor 'inception' has no weights here. Use --extractor efficientnet-lite0, which needs no download, or "
        "name a copy of net-12345678.pth with --weights"
    )


def test_an_extractor_without_weights_needs_none(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCH_WEIGHTS", str(tmp_path / "anything"))
    assert weights.find(registry.load("extractors", "pixels")) == weights.Weights(None, "", True)


def test_an_extractor_without_weights_takes_no_file(tmp_path):
    with pytest.raises(InputError, match=r"pixels.*leave --weights out"):
        weights.find(registry.load("extractors", "pixels"), tmp_path)


@pytest.mark.parametrize("name", registry.names("extractors"))
def test_the_hash_of_each_public_file_begins_with_the_prefix_in_its_name(name):
    for file in registry.load("extractors", name).weights:
        prefix = re.search(r"-([0-9a-f]{8})\.", file.name)
        assert prefix is None or file.sha256.startswith(prefix[1])
        assert file.url.startswith("https://") and file.url.endswith(file.name_in_hub or file.name)


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
    keep(weights_folder(), b"cut off", file.name)
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


@pytest.fixture
def _online(monkeypatch):
    monkeypatch.delenv("BENCH_OFFLINE")


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
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        if self.length:
            self.send_header("Content-Length", str(len(self.content) - start))
        self.end_headers()
        self.wfile.write(self.content[start : self.stop_after])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(inception, monkeypatch, _online):
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
    return sorted(path.name for path in weights_folder().glob("*"))


def test_fetch_keeps_the_file_and_reports_progress(server):
    seen = []
    path = weights.fetch("inception", lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert left() == ["net-12345678.pth"]


def test_what_is_there_is_not_fetched_again(server):
    keep(weights_folder())
    weights.fetch("inception")
    assert server.requests == []


def test_a_damaged_file_is_replaced(server):
    keep(weights_folder(), b"cut off")
    assert weights.fetch("inception").read_bytes() == CONTENT


def test_a_transfer_that_breaks_off_is_continued(server):
    server.stop_after = 100_000
    with pytest.raises(InputError, match="stopped after 100000 of 512000 bytes"):
        weights.fetch("inception")
    server.stop_after = None
    assert weights.fetch("inception").read_bytes() == CONTENT
    assert server.requests == [None, "bytes=100000-"]


def test_a_server_that_cannot_continue_sends_everything(server):
    keep(weights_folder(), CONTENT[:1000], "net-12345678.pth.partial")
    server.ranges = False
    assert weights.fetch("inception").read_bytes() == CONTENT


@pytest.mark.parametrize("length", [True, False])
def test_a_file_of_unknown_size_is_fetched_whether_or_not_the_server_says_it(server, inception, monkeypatch, length):
    server.length = length
    unsized = replace(inception, weights=(replace(inception.weights[0], url=server.url, size=0),))
    monkeypatch.setattr(weights.registry, "load", lambda kind, name: unsized)
    seen = []
    assert weights.fetch("inception", lambda *given: seen.append(given)).read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT) if length else None)


@pytest.mark.parametrize("begun", [0, 5000, len(CONTENT)])
def test_other_bytes_are_refused_and_not_kept(server, begun):
    server.content = CONTENT[::-1]
    if begun:
        keep(weights_folder(), b"x" * begun, "net-12345678.pth.partial")
    with pytest.raises(InputError, match=r"a different file.*expected"):
        weights.fetch("inception")
    assert left() == []


def test_a_file_that_cannot_be_written_is_an_error(server):
    (weights_folder() / "net-12345678.pth.partial").mkdir(parents=True)
    with pytest.raises(InputError, match=r"cannot write .*net-12345678\.pth\.partial"):
        weights.fetch("inception")


def test_an_address_that_is_gone_is_an_error(server):
    server.status = 404
    with pytest.raises(InputError, match=r"cannot be had \(Not Found\)"):
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
    keep(weights_folder(), b"begun", "net.bin.partial")
    seen = []
    path = weights.fetch("any", lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))  # the server says how many
    assert server.requests == [None]
    server.stop_after = 100
    path.unlink()
    with pytest.raises(InputError, match="stopped after 100 of 512000"):
        weights.fetch("any")


def test_generators_can_be_fetched_and_are_listed():
    rows = {row.used_by: row for row in weights.status()}
    for name in registry.names("pretrained"):
        (file,) = weights.fetchable(name)
        assert rows[name].url == file.url
        assert (rows[name].path, rows[name].place) == (None, "")


# ----- at the first use


@pytest.fixture
def shown(monkeypatch):
    """What is shown of downloads: names, lines, and how far each was at the end."""
    seen = []

    @contextmanager
    def watch(name, line):
        seen.append([name, line, None])
        yield lambda done, total: seen[-1].__setitem__(2, (done, total))

    monkeypatch.setattr(watching, "_watch", [watch])
    return seen


def test_weights_are_fetched_at_the_first_use_and_announced(server, shown):
    extractor = weights.registry.load("extractors", "inception")
    found = weights.ready(extractor)
    assert (found.path, found.official) == (weights_folder() / "net-12345678.pth", True)
    host = server.url.split("/")[2]
    line = f"fetching net-12345678.pth from {host}, once: 1 MB, licence MIT"
    assert shown == [["net-12345678.pth", line, (len(CONTENT), len(CONTENT))]]
    weights.ready(extractor)
    assert len(server.requests) == 1


def test_a_measure_fetches_its_weights(server, shown):
    assert measure("inception").weights.path == weights_folder() / "net-12345678.pth"


def test_a_fault_in_the_rest_is_found_before_the_download(server, shown):
    with pytest.raises(InputError, match="no device 'gpu'"):
        measure("inception", device="gpu")
    assert server.requests == []


@pytest.mark.parametrize("how", ["--offline", "BENCH_OFFLINE"])
def test_who_forbids_it_gets_one_short_line(server, shown, monkeypatch, how):
    extractor = weights.registry.load("extractors", "inception")
    if how == "BENCH_OFFLINE":
        monkeypatch.setenv("BENCH_OFFLINE", "1")
    with pytest.raises(weights.MissingWeights) as caught:
        weights.ready(extractor, offline=how == "--offline")
    assert str(caught.value) == (
        f"extractor 'inception' has no weights here, and {how} forbids the download. Use --extractor "
        "efficientnet-lite0, which needs no download, or name a copy of net-12345678.pth with --weights"
    )
    assert (server.requests, shown) == ([], [])


def test_a_server_that_says_nothing_is_left_soon(inception, shown, monkeypatch, _online):
    monkeypatch.setattr(weights, "FIRST_ANSWER_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and never answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/net-12345678.pth"
        quiet = replace(inception, weights=(replace(inception.weights[0], url=url),))
        with pytest.raises(weights.MissingWeights, match=r"does not answer .*timed out.* Use --extractor"):
            weights.ready(quiet)


def test_a_server_that_does_not_answer_is_asked_once(inception, shown, _online):
    one = inception.weights[0]  # of port 9, where nobody listens
    twice = replace(inception, weights=(one, replace(one, name="other.pth", url="http://127.0.0.1:9/other.pth")))
    with pytest.raises(weights.MissingWeights) as caught:
        weights.ready(twice)
    assert str(caught.value) == (
        "the weights of extractor 'inception' cannot be fetched: 127.0.0.1:9 does not answer (Connection refused). "
        "Use --extractor efficientnet-lite0, which needs no download, or name a copy of net-12345678.pth with "
        "--weights"
    )
    assert len(shown) == 1


def test_the_second_address_is_asked_where_the_first_has_nothing(server, shown):
    extractor = weights.registry.load("extractors", "inception")
    gone = replace(extractor.weights[0], name="gone.pth", url="http://localhost:9/gone.pth")
    assert weights.ready(replace(extractor, weights=(gone, *extractor.weights))).path.name == "net-12345678.pth"


def test_a_download_at_the_first_use_goes_on_where_it_broke_off(server, shown):
    extractor = weights.registry.load("extractors", "inception")
    server.stop_after = 100_000
    with pytest.raises(weights.MissingWeights, match="stopped after 100000 of 512000 bytes"):
        weights.ready(extractor)
    server.stop_after = None
    assert weights.ready(extractor).path.read_bytes() == CONTENT
    assert server.requests == [None, "bytes=100000-"]


def test_what_is_damaged_or_named_wrongly_is_not_fetched(server, shown, tmp_path):
    extractor = weights.registry.load("extractors", "inception")
    with pytest.raises(InputError, match="no weights at"):
        weights.ready(extractor, explicit=tmp_path / "mine.pth")
    keep(weights_folder(), b"cut off")
    with pytest.raises(InputError, match="damaged"):
        weights.ready(extractor)
    assert server.requests == []


def test_a_program_without_a_bar_logs_the_line(caplog):
    with watching.logged("net.pth", "fetching net.pth") as tell:
        tell(1, 2)
    assert [record.getMessage() for record in caplog.records] == ["fetching net.pth"]

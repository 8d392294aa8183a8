"""The site of a results folder: what its pages hold, what they never hold, how it is written."""

import errno
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest
from click.testing import CliRunner
from leaderboard_entries import entry, place, rules, write_results
from site_pages import pages

import bench.site.folder
from bench.cli import main
from bench.leaderboard.entry_places import NEIGHBOURS, PREVIEW, beside, entry_path
from bench.site import write_site
from bench.site.gallery import room_of
from bench.site.links import safe_link
from metrics.errors import InputError

NASTY = "<script>window.broken = 1</script>"
NASTY_ATTRIBUTE = '" autofocus onfocus="window.broken = 1'
POLICY = {"default-src 'none'", "img-src 'self'", "style-src 'self'", "script-src 'self'", "base-uri 'none'"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A results folder of two tracks, one of them of images that may not be published, and its site."""
    folder = tmp_path_factory.mktemp("made")
    write_results(folder / "results", 12)
    write_results(folder / "results", 4, "horse2zebra-horse-offline", rules("horse2zebra/horse", "vgg16-random", ""))
    write_site(folder / "results", folder / "site")
    return folder


@pytest.fixture(scope="module")
def site(made):
    return pages(made / "site")


@pytest.fixture
def results(tmp_path):
    write_results(tmp_path / "results", 5)
    return tmp_path / "results"


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ----- what is there


def test_there_is_a_page_for_every_track_and_every_entry(site, made):
    entries = [path.relative_to(made / "results/submissions") for path in made.rglob("submissions/*/*.json")]
    assert len(entries) == 16
    expected = {f"entries/{path.with_suffix('.html').as_posix()}" for path in entries}
    expected |= {"index.html", "gallery.html", "metrics.html", "reading.html"}
    expected |= {f"tracks/{name}.html" for name in ("digits", "horse2zebra-horse-offline")}
    assert set(site) == expected


def test_the_gallery_has_a_picture_of_each_model_and_none_that_a_licence_forbids(site):
    page = site["gallery.html"]
    shown = [attributes["src"] for attributes in page.of("img") if attributes["src"].startswith("pictures/")]
    assert 10 <= len(shown) == len(set(shown)) <= 12
    assert all(one.startswith("pictures/digits/") for one in shown)
    assert "The licence of the data set (ImageNet images, research use) allows no pictures here." in page.text


def test_the_gallery_shows_the_first_seed_of_a_model_and_not_the_best():
    def seeded(number, slug):
        made = entry(7)
        about = replace(made.about, name=f"A model, seed {number}")
        return replace(made, slug=slug, about=about, origin=replace(made.origin, training_seed=number))

    last, first = seeded(3, "last"), seeded(1, "first")
    standings = [SimpleNamespace(entry=last), SimpleNamespace(entry=first)]  # in the order of a ranking
    board = SimpleNamespace(entries=standings, record=SimpleNamespace(track="digits", rules=rules()))
    room = room_of(board, {"last": ("last.png", 8, 8), "first": ("first.png", 8, 8)})
    assert [one.picture for one in room.shown] == ["first.png"]
    assert (room.count, room.forbidden) == (1, "")


def test_no_letter_is_escaped_twice(made):
    found = [path for path in (made / "site").rglob("*.html") if re.search(r"&amp;\w+;", path.read_text())]
    assert [path.name for path in found] == []


def test_the_list_of_files_is_whole(made):
    listed = json.loads((made / "site/site.json").read_text())
    assert listed["files"] == sorted(content(made / "site"))


def test_every_link_is_relative_and_leads_to_something(site, made):
    ids = {name: {attributes.get("id") for _, attributes in page.tags} for name, page in site.items()}
    seen = 0
    for name, page in site.items():
        for attributes in page.of("a", "link", "script", "img"):
            href = attributes.get("href", attributes.get("src"))
            parts = urlsplit(href)
            if parts.scheme:
                assert attributes["rel"] == "nofollow noopener"
                continue
            assert not parts.netloc and not href.startswith("/"), (name, href)
            target = (made / "site" / name).parent / unquote(parts.path) if parts.path else made / "site" / name
            found = target.resolve().relative_to((made / "site").resolve()).as_posix()
            assert target.is_file(), (name, href)
            assert not parts.fragment or parts.fragment in ids[found], (name, href)
            seen += 1
    assert seen > 200


def test_every_page_allows_its_own_files_only_and_has_no_script_or_style_inside(site):
    for name, page in site.items():
        policies = [meta["content"] for meta in page.of("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
        assert len(policies) == 1 and set(policies[0].split("; ")) >= POLICY, name
        scripts = ["site.js", *(["address.js", "compare.js"] if name.startswith("tracks/") else [])]
        assert [script.get("src") for script in page.of("script")] == ["../" * name.count("/") + one for one in scripts]
        assert not page.of("style", "iframe", "object", "embed", "base"), name
        for tag, attributes in page.tags:
            assert not {key for key in attributes if key.startswith("on") or key == "style"}, (name, tag)


def test_pages_are_marked_up_for_screen_readers(site):
    for name, page in site.items():
        assert page.of("html")[0]["lang"] == "en"
        assert len(page.of("h1")) == len(page.of("main")) == 1, name
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(ids) == len(set(ids)), name
        assert all("alt" in image for image in page.of("img"))
        assert all(head["scope"] in ("col", "row") for head in page.of("th")), name
        labelled = [region for region in page.of("div") if region.get("role") == "region"]
        assert all(region.get("aria-label") or region["aria-labelledby"] in ids for region in labelled), name
        drawn = [svg for svg in page.of("svg") if svg.get("aria-hidden") != "true" and svg.get("role") != "none"]
        assert all(svg["aria-labelledby"] in ids for svg in drawn), name


def test_a_track_shows_every_entry_with_its_numbers(site, made):
    page = site["tracks/digits.html"]
    rows = {row["data-slug"] for row in page.of("tr") if "data-slug" in row}
    assert rows == {path.stem for path in (made / "results/submissions/digits").glob("*.json")}
    stored = json.loads(entry_path(made / "results", "digits", "dcgan").read_text())["scores"]
    row = page.text[page.text.index("dcgan", page.text.index("the target")) :]
    for said in (
        f"{1000 * stored['kid']['kid']:.0f} [",
        f"{100 * stored['prdc']['recall']:.1f}",
        f"{stored['prdc']['density']:.3f}",
    ):
        assert said in row[: row.index("Copse")], said


def test_every_entry_stands_in_both_scatters_with_its_link(site):
    page = site["tracks/digits.html"]
    marks = [group["data-mark"] for group in page.of("g") if "data-mark" in group]
    rows = [row["data-slug"] for row in page.of("tr") if "data-slug" in row]
    assert sorted(marks) == sorted(2 * rows)


def test_a_track_without_logits_has_no_column_of_inception_scores(site):
    assert "IS, corrected" in site["tracks/digits.html"].text
    assert "IS, corrected" not in site["tracks/horse2zebra-horse-offline.html"].text


def test_an_entry_shows_its_hashes_and_how_to_verify_it(site, made):
    stored = json.loads(entry_path(made / "results", "digits", "dcgan").read_text())
    text = site["entries/digits/dcgan.html"].text
    for said in (stored["manifest"]["merkle_root"], stored["track_id"], stored["origin"]["sha256"]):
        assert said in text
    assert "bench verify digits/dcgan --checkpoint" in text
    assert "--checkpoint" not in site["entries/digits/copse.html"].text


def test_every_metric_of_a_track_is_explained(site):
    from metrics.prdc import METRIC

    page = site["metrics.html"]
    for name in ("fid", "inception-score", "kid", "prdc"):
        assert [section for section in page.of("section") if section["aria-labelledby"] == name]
        assert (Path(bench.site.__file__).parent / f"templates/metrics/{name}.html").is_file()
    for words in ("FID, corrected", "IS, corrected", "Coverage", METRIC.output("recall").says):
        assert words in page.text


# ----- pictures


def with_neighbours(results, track="digits", chosen=None):
    """An entry with both pictures."""
    made = entry(7, track, chosen)
    path = place(results, made, 7)
    shutil.copyfile(beside(path) / PREVIEW, beside(path) / NEIGHBOURS)
    sha256 = json.loads(path.read_text())["files"][PREVIEW]
    place(results, replace(made, files={NEIGHBOURS: sha256}), 7)
    return made


def test_an_entry_shows_its_preview_and_its_nearest_training_images(results, tmp_path):
    made = with_neighbours(results)
    write_site(results, tmp_path / "site")
    page = pages(tmp_path / "site")[f"entries/digits/{made.slug}.html"]
    pictures = page.of("img")[1:]
    assert [one["src"] for one in pictures] == [f"../../pictures/digits/{made.slug}/{n}" for n in (PREVIEW, NEIGHBOURS)]
    assert all((one["width"], one["height"]) == ("404", "404") and made.about.name in one["alt"] for one in pictures)
    stored = (beside(entry_path(results, "digits", made.slug)) / NEIGHBOURS).read_bytes()
    assert (tmp_path / f"site/pictures/digits/{made.slug}/{NEIGHBOURS}").read_bytes() == stored


def test_no_picture_is_shown_where_the_licence_forbids_it_and_the_page_says_why(results, tmp_path):
    chosen = rules("horse2zebra/horse", "vgg16-random", "")
    write_results(results, 3, "horse2zebra-horse-offline", chosen)
    made = with_neighbours(results, "horse2zebra-horse-offline", chosen)
    write_site(results, tmp_path / "site")
    page = pages(tmp_path / "site")[f"entries/{made.track}/{made.slug}.html"]
    assert len(page.of("img")) == 1
    assert "the licence of horse2zebra (ImageNet images, research use) does not allow" in page.text
    assert not list((tmp_path / "site").glob(f"pictures/{made.track}/**/*"))


@pytest.mark.parametrize("harm", ["changed", "missing", "link", "no PNG"])
def test_a_picture_that_is_not_the_entrys_own_is_named(results, tmp_path, harm):
    path = entry_path(results, "digits", "dcgan")
    picture = beside(path) / PREVIEW
    if harm == "changed":
        picture.write_bytes(picture.read_bytes() + b"\0")
    elif harm == "missing":
        picture.unlink()
    elif harm == "link":
        picture.rename(tmp_path / "elsewhere.png")
        picture.symlink_to(tmp_path / "elsewhere.png")
    else:
        picture.write_bytes(b"<svg/>")
        values = json.loads(path.read_text())
        values["files"][PREVIEW] = bench.site.pictures.hashlib.sha256(b"<svg/>").hexdigest()
        path.write_text(json.dumps(values))
    made = write_site(results, tmp_path / "site")
    (line,) = made.damaged
    assert str(picture) in line
    assert f"pictures/digits/dcgan/{PREVIEW}" not in made.files and "entries/digits/dcgan.html" in made.files


# ----- what somebody else has written


def test_submitted_text_is_shown_as_it_was_written_and_never_becomes_a_tag(results, tmp_path):
    fields = ("authors", "link", "paper", "code", "licence", "seed_policy", "note")
    said = {name: f"{name} {NASTY} {NASTY_ATTRIBUTE}" for name in fields}
    made = entry(7, about={"name": NASTY, **said})
    place(results, made, 7)
    write_site(results, tmp_path / "site")
    for name, page in pages(tmp_path / "site").items():
        assert all(script["src"] for script in page.of("script")), name
        assert not [key for _, attributes in page.tags for key in attributes if key in ("onfocus", "autofocus")], name
    page = pages(tmp_path / "site")[f"entries/digits/{made.slug}.html"]
    assert all(said[name] in page.text for name in fields)
    assert NASTY in pages(tmp_path / "site")["tracks/digits.html"].text


@pytest.mark.parametrize(
    ("words", "safe"),
    [
        *(("https://example.org/a?b=c#d", True), ("http://example.org", True)),
        *(("javascript:alert(1)", False), ("JaVaScRiPt:alert(1)", False), ("data:text/html,x", False)),
        *(("//example.org", False), ("https:", False), ("https:///path", False), ("http://[", False)),
        *(("java\nscript:alert(1)", False), ("https://example.org/\u202egnp", False), ("arXiv 1706.08500", False)),
        *(("file:///etc/passwd", False), ("", False), ("ftp://example.org", False), (" https://a.b", False)),
    ],
)
def test_only_plain_web_addresses_become_links(words, safe):
    assert safe_link(words) == (words if safe else "")


def test_an_address_that_is_no_web_address_is_shown_as_text(results, tmp_path):
    made = entry(7, about={"name": "Linked", "link": "javascript:alert(1)", "code": "https://example.org/code?a=1&b=2"})
    place(results, made, 7)
    write_site(results, tmp_path / "site")
    page = pages(tmp_path / "site")["entries/digits/linked.html"]
    outside = [link for link in page.of("a") if urlsplit(link["href"]).scheme]
    assert outside == [{"href": "https://example.org/code?a=1&b=2", "rel": "nofollow noopener"}]
    assert "javascript:alert(1)" in page.text


@pytest.mark.parametrize(("name", "track"), [("..", "digits"), ("UP", "digits"), ("a b", "digits")])
def test_an_entry_whose_file_name_is_none_is_left_out(results, tmp_path, name, track):
    place(results, replace(entry(7), slug=name, track=track), 7)
    made = write_site(results, tmp_path / "site")
    assert made.entries == 5 and "cannot be shown" in made.damaged[0]


# ----- the same results, the same bytes


def test_the_same_results_give_the_same_bytes_wherever_they_lie(made, tmp_path):
    shutil.copytree(made / "results", tmp_path / "moved/results")
    write_site(tmp_path / "moved/results", tmp_path / "again")
    assert content(tmp_path / "again") == content(made / "site")


def test_the_front_page_names_the_results_folder_and_no_place_of_a_machine(made, tmp_path):
    shutil.copytree(made / "results", tmp_path / "class")
    write_site(tmp_path / "class", tmp_path / "again")
    text = (tmp_path / "again/index.html").read_text(encoding="utf-8")
    assert "results folder <code>class</code>" in text
    assert text.count("--results class") == 3 and str(tmp_path) not in text


def test_the_order_in_which_entries_were_written_does_not_matter(tmp_path):
    for name, order in (("up", range(2, 9)), ("down", range(8, 1, -1))):
        results = tmp_path / name / "results"
        write_results(results, 0)
        for number in order:
            place(results, entry(number), number)
        write_site(results, tmp_path / f"{name}-site")
    assert content(tmp_path / "up-site") == content(tmp_path / "down-site")


# ----- places


def test_a_site_is_replaced_whole(results, tmp_path):
    write_site(results, tmp_path / "site")
    shutil.rmtree(beside(entry_path(results, "digits", "dcgan")))
    entry_path(results, "digits", "dcgan").unlink()
    write_site(results, tmp_path / "site")
    assert not list((tmp_path / "site").rglob("*dcgan*"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results", "site"]


def test_a_folder_that_holds_anything_else_is_left_alone_without_force(results, tmp_path):
    write_site(results, tmp_path / "site")
    (tmp_path / "site/notes.txt").write_text("mine")
    before = content(tmp_path / "site")
    with pytest.raises(InputError, match=r"holds notes\.txt, which is not a part of a site"):
        write_site(results, tmp_path / "site")
    assert content(tmp_path / "site") == before
    write_site(results, tmp_path / "site", force=True)
    assert not (tmp_path / "site/notes.txt").exists()


def test_a_site_may_lie_beside_the_results_it_is_made_of(results):
    for _ in range(2):
        assert write_site(results, results / "site").entries == 5


def test_an_empty_folder_becomes_a_site(results, tmp_path):
    (tmp_path / "site").mkdir()
    assert write_site(results, tmp_path / "site").entries == 5


def test_a_list_that_is_none_makes_no_site_of_a_folder(results, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/site.json").write_text('{"files": ["site.json"], "made_by": "somebody"}')
    with pytest.raises(InputError, match=r"holds site\.json, which is not a part of a site"):
        write_site(results, tmp_path / "mine")


@pytest.mark.parametrize(
    "where",
    [
        *("results", ".", "results/submissions", "results/submissions/digits", "results/submissions/new"),
        *("results/tracks", "file", "home", "repository"),
    ],
)
def test_a_place_that_would_lose_something_is_refused_even_with_force(results, tmp_path, where, monkeypatch):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "home").mkdir()
    (tmp_path / "repository/.git").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    before = content(tmp_path)
    with pytest.raises(InputError, match=r"name another|name a folder"):
        write_site(results, tmp_path / where, force=True)
    assert content(tmp_path) == before


def test_a_full_disk_is_one_line_and_keeps_the_site_that_was_there(results, tmp_path, monkeypatch):
    write_site(results, tmp_path / "site")
    before = content(tmp_path / "site")
    real = Path.open

    def full(path, mode="r", *rest, **named):
        if "x" in mode and path.name == "metrics.html":
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, mode, *rest, **named)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(InputError, match=r"cannot write .*site \(No space left on device\); free some space"):
        write_site(results, tmp_path / "site")
    monkeypatch.undo()
    assert content(tmp_path / "site") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results", "site"]


def test_an_interruption_between_the_two_renamings_puts_the_old_site_back(results, tmp_path, monkeypatch):
    write_site(results, tmp_path / "site")
    before = content(tmp_path / "site")
    real = Path.rename

    def interrupted(path, target):
        if ".tmp-" in path.name:
            raise KeyboardInterrupt
        return real(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_site(results, tmp_path / "site")
    assert content(tmp_path / "site") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results", "site"]


# ----- results that cannot be used


def test_entries_without_the_record_of_their_track_name_what_is_missing(results, tmp_path):
    (results / "tracks/digits.json").unlink()
    with pytest.raises(InputError, match=r"tracks/digits\.json is missing"):
        write_site(results, tmp_path / "site")


def test_entries_of_other_rules_never_share_a_ranking(results, tmp_path):
    place(results, entry(9, chosen=rules("digits", "digits-cnn", "")), 9)
    (line,) = write_site(results, tmp_path / "site").damaged
    assert line.startswith("measured by other rules and not shown: ")


def test_a_track_without_entries_has_its_page(results, tmp_path):
    shutil.rmtree(results / "submissions")
    assert write_site(results, tmp_path / "site").entries == 0
    assert "Nothing is ranked here yet" in pages(tmp_path / "site")["tracks/digits.html"].text


def test_a_folder_without_results_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere holds no track"):
        write_site(tmp_path / "nowhere", tmp_path / "site")


def test_a_damaged_entry_is_named_and_the_others_have_their_pages(results, tmp_path):
    entry_path(results, "digits", "dcgan").write_text("{")
    made = write_site(results, tmp_path / "site")
    assert made.entries == 4 and "entries/digits/dcgan.html" not in made.files
    (line,) = made.damaged
    assert "submissions/digits/dcgan.json is not a readable JSON" in line
    assert line in pages(tmp_path / "site")["tracks/digits.html"].text
    done = run("-o", tmp_path / "site", "--results", results)
    assert (done.exit_code, "dcgan.json is not a readable JSON" in done.stderr) == (0, True)


# ----- the command


def run(*words):
    return CliRunner().invoke(main, ["site", *map(str, words)])


def test_the_command_says_what_it_wrote(results, tmp_path):
    done = run("-o", tmp_path / "site", "--results", results)
    assert done.exit_code == 0, done.output
    assert re.match(r".*index\.html \(tracks: 1, entries: 5, files: \d+\)\n$", done.stdout)
    as_json = json.loads(run("-o", tmp_path / "site", "--results", results, "--json").stdout)
    assert (as_json["tracks"], as_json["entries"]) == (1, 5)
    assert as_json["files"] == sorted(content(tmp_path / "site"))


def test_the_command_ends_with_code_2_and_one_line_where_it_cannot_go_on(results, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/a").write_text("")
    for words in (
        ("-o", tmp_path / "mine", "--results", results),
        ("-o", tmp_path / "s", "--results", tmp_path / "no"),
    ):
        done = run(*words)
        assert done.exit_code == 2
        assert done.stderr.count("\n") == 1 and done.stderr.startswith("bench: "), done.stderr

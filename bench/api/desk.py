"""Where submissions are handed in: a track opened once, and one submission after the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.settings.boards import SubmitSettings
from metrics.errors import InputError

if TYPE_CHECKING:
    from bench.leaderboard.entries import About, Entry
    from bench.leaderboard.open_tracks import OpenTrack
    from bench.leaderboard.tracks import Track
    from bench.measuring.findings import Finding
    from bench.measuring.subject import Subject
    from bench.submissions import Checked, How
    from bench.submissions.generators import GeneratorSpec

Found = Callable[[tuple["Finding", ...]], object]


class Refused(InputError):
    """The checks found errors in what was to be submitted; `findings` are all that they found."""

    def __init__(self, message: str, findings: "tuple[Finding, ...]") -> None:
        super().__init__(message)
        self.findings = findings


@dataclass(frozen=True)
class Submitted:
    """What the checks found, and the entry with its path; both None of a dry run. `written` is False where the entry
    was there before, of the same images."""

    track: str
    findings: "tuple[Finding, ...]"
    entry: "Entry | None" = None
    path: Path | None = None
    written: bool = True


@dataclass(frozen=True, eq=False)
class Desk:
    """A track, opened unless nothing will be measured, and how submissions to it are treated."""

    track: "Track"
    subject: "Subject"
    way: "How"
    how: SubmitSettings
    opened: "OpenTrack | None"

    def hand_in(self, images: Path, about: "About", found: Found, *, keep_same: bool = False) -> Submitted:
        """Check, measure and write one submission; with `keep_same` an entry of the same images and words stays as it
        is. Raises Refused where the checks found errors."""
        from bench.submissions import check_images, open_material
        from bench.submissions import submit as write_entry

        how = self.how
        material = open_material(images, self.track, self.subject, self.way, reference=how["reference"])
        looked = check_images(
            material, self.track, self.subject, self.opened, workers=how["workers"], report=how["progress"]
        )
        found(looked.findings)
        if not looked.good:
            errors = sum(finding.level == "error" for finding in looked.findings)
            raise Refused(
                f"{errors} {'error' if errors == 1 else 'errors'} in {images}; nothing was written", looked.findings
            )
        if self.opened is None:
            return Submitted(self.track.name, looked.findings)
        before = self._same(looked, about) if keep_same else None
        if before:
            return Submitted(self.track.name, looked.findings, before[1], before[0], written=False)
        where, entry = write_entry(looked, self.opened, about, how["results"], force=how["force"])
        return Submitted(self.track.name, looked.findings, entry, where)

    def _same(self, looked: "Checked", about: "About") -> "tuple[Path, Entry] | None":
        """The entry of this name, where it is of these images, words and rules."""
        from bench.leaderboard.entries import read_entry
        from bench.sources import digest_of
        from bench.submissions.writing import new_path

        path = new_path(self.how["results"], self.track.name, about.name)
        if not path.is_file():
            return None
        entry = read_entry(path)
        digest = digest_of([image.pixels_sha256 for image in looked.looked.images])
        rules = self.opened.rules.id if self.opened else ""
        same = (entry.manifest.digest, entry.about, entry.track_id) == (digest, about, rules)
        return (path, entry) if same else None


def desk_of(track: "Track", how: SubmitSettings, say: Callable[[str], object]) -> Desk:
    """A track, opened for these settings."""
    from bench.leaderboard.open_tracks import measure_of, open_track
    from bench.leaderboard.tracks import subject_of

    subject, way, opened = subject_of(track, how["data_root"]), way_of(how, say, _generator(how)), None
    if not how["dry_run"]:
        opened = open_track(track, measure_of(track, **measuring(how)), how["data_root"], how["progress"])
    return Desk(track, subject, way, how, opened)


def way_of(how: Any, say: Callable[[str], object], generator: "GeneratorSpec | None" = None) -> "How":
    """How what is no image is turned into images, and within which limits."""
    from bench.submissions import How
    from bench.submissions.generators import Limits

    limits = Limits(how["generator_minutes"], how["generator_memory"])
    return How(generator, limits, how["trust_code"], how["device"], say)


def measuring(how: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of `bench.leaderboard.open_tracks.measure_of`."""
    from bench.measuring.spreading import spread_of

    said = {"weights_file": how["weights"], "spread": spread_of(how)}
    return said | {name: how[name] for name in ("offline", "device", "workers")}


def _generator(how: SubmitSettings) -> "GeneratorSpec | None":
    from bench.submissions.generators import GeneratorSpec, parse_shape

    if how["noise_dim"] is None:
        return None
    return GeneratorSpec(parse_shape(how["noise_dim"]), how["noise"], how["output_range"])

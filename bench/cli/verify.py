"""Check entries of the leaderboard: consistent, recomputed from images, regenerated from a model."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import bench
from bench.cli._options import examples, json_option, options, path_type
from bench.cli._output import echo, print_json, progress, say, styled
from bench.settings.boards import VerifySettings

if TYPE_CHECKING:
    from bench.submissions import Verdict


@click.command(
    epilog=examples(
        "bench verify digits/my-model",
        "bench verify digits/my-model --images samples",
        "bench verify digits/dcgan --checkpoint runs/dcgan-digits-seed0",
        "bench verify --all --json",
    )
)
@click.argument("entry", required=False)
@click.option("--all", "every", is_flag=True, help="Level 1 of all entries below --results.")
@click.option("--images", type=path_type, metavar="PATH", help="The submitted images: level 2.")
@click.option("--checkpoint", type=path_type, metavar="PATH", help="The submitted model or generator: level 3.")
@options(VerifySettings)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    entry: str | None,
    every: bool,
    images: Path | None,
    checkpoint: Path | None,
    settings: dict[str, Any],
    as_json: bool,
) -> None:
    """Lists the problems of ENTRY (the path of its JSON, or TRACK/NAME below --results) and shows the level it reaches.

    Level 1, consistent: its JSON, its files and those of the track agree, and its scores follow from the stored
    features (in bounds, if no features are stored). Level 2, recomputed: --images are the submitted images and give
    everything that the entry holds. Level 3, regenerated: --checkpoint makes these images again.

    The level goes to verified.json beside the entry. A level that this file holds from before is a claim. Images or a
    model that do not give the entry take a level from before back. Beside a published entry, the file is only written
    with --results results. The exit code is 0 if nothing is wrong, 1 if a problem was found, and 2 if nothing could be
    checked.

    JSON: a list of objects with path, level (reached now), claimed, problems and doubts (code, what), missed (the level
    that was asked for and not reached, or 0) and notes.
    """
    if every == (entry is not None) or (every and (images or checkpoint)):
        raise click.UsageError("give one ENTRY, with --images or --checkpoint or both, or --all", ctx)
    with progress() as tell:
        verdicts = bench.verify(entry, images=images, checkpoint=checkpoint, say=say, progress=tell, **settings)
    if as_json:
        print_json([_values(one) for one in verdicts])
    else:
        _show(verdicts)
    if any(one.problems for one in verdicts):
        ctx.exit(1)


def _values(verdict: "Verdict") -> dict[str, Any]:
    found = {
        word: [{"code": one.code, "what": one.what} for one in problems]
        for word, problems in (("problems", verdict.problems), ("doubts", verdict.doubts))
    }
    levels = {"level": verdict.level, "claimed": verdict.claimed}
    return {"path": str(verdict.path), **levels, **found, "missed": verdict.missed, "notes": list(verdict.notes)}


def _show(verdicts: "Sequence[Verdict]") -> None:
    for verdict in verdicts:
        echo(f"{verdict.path}: ", styled(_word(verdict), fg="red" if verdict.problems else "green"))
        for line in (*(one.what for one in (*verdict.problems, *verdict.doubts)), *verdict.notes):
            echo(f"    {line}")
    if len(verdicts) > 1:
        wrong = sum(bool(verdict.problems) for verdict in verdicts)
        echo(f"{len(verdicts):,} entries, {wrong:,} with problems")


def _word(verdict: "Verdict") -> str:
    """The level that was reached now, and what was reached before or missed."""
    from bench.leaderboard.entries import LEVELS, level_words
    from bench.leaderboard.evidence import entry_shapes, exact

    if verdict.level > 1 or verdict.entry is None:
        return LEVELS[verdict.level]
    kept = exact(verdict.entry, entry_shapes(verdict.entry.rules))
    words = level_words(verdict.claimed, exact=kept, unlikely=bool(verdict.doubts))
    return f"{words}; not {LEVELS[verdict.missed]}" if verdict.missed else words

"""What pages say of the models and commands, written from where it is known: models, records and help texts.

    python scripts/pages.py            # write it anew
    python scripts/pages.py --check    # exit code 1 where a page says something else

A page holds such a part between `<!-- made by scripts/pages.py: NAME -->` and `<!-- end -->`, and what is there of a
run of results/plan.toml between `<!-- run NAME; WHY IT IS MISSING -->` and `<!-- /run -->`. A test checks them, so a
new model, record or option asks for one run of this script and no edit by hand.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import click

sys.path.append(str(Path(__file__).parent))  # python -P leaves it out
import _run_tables
from _gallery import cut_pictures, gallery, is_cut
from _run_tables import EMBEDDED, RESULTS, ROOT, Run, fids_text, interval, number_text, planned_runs

from bench import registry
from bench.cli import main as bench
from bench.runs.laptop import LAPTOP, laptop_recipes
from bench.storage.records import TRAINED_ON, RunRecord, read_records, slug
from bench.tables.notes import COMPLETE

CONTROLS = ("train-copies", "pixel-gaussian")
OF_DIGITS = "3cad8c43eb34"  # the protocol of the board of digits; numbers of two are never mixed
TASKS = {
    "reconstruct": ("reconstruct",),
    "generate": ("generate", "class-conditional"),
    "translate": ("paired", "unpaired"),
}
PART = re.compile(
    r"(?<=<!-- made by scripts/pages\.py: )(?P<name>[^\n]+) -->\n(?P<text>.*?)(?=<!-- end -->)", re.DOTALL
)
RUN = re.compile(r"(?P<mark><!-- run (?P<name>[^ ;]+)(?:; (?P<why>[^>]+))? -->).*?(?=<!-- /run -->)")


# ----- models


@cache
def records() -> list[RunRecord]:
    """All of them, the oldest first."""
    return sorted(read_records(RESULTS), key=lambda one: one.created_utc)


def newest_records(model: str) -> list[RunRecord]:
    """The last record of each data set and settings, data sets that need no download first."""
    found: dict[tuple[Any, ...], RunRecord] = {}
    for record in records():
        elsewhere = record.dataset == "digits" and record.protocol_id != OF_DIGITS
        if record.model == model and record.status == "ok" and record.training and not elsewhere:
            found[record.dataset, record.changes, record.train_split] = record
    return sorted(found.values(), key=lambda one: (one.dataset not in EMBEDDED, -share(one), one.dataset, one.changes))


def share(record: RunRecord) -> float:
    """How much of the recipe was trained, at most 1."""
    assert record.training
    done = record.training.epochs / record.training.full_epochs
    return 1.0 if done >= COMPLETE else done


def table_of(record: RunRecord) -> str:
    return f"../results/tables/{slug(record.dataset)}/{record.protocol_id}/{record.name}.md"


def state(record: RunRecord) -> str:
    changes = ("laptop recipe",) if record.recipe == LAPTOP else record.changes
    words = ", ".join(f"`{word}`" for word in (record.dataset, *changes))
    told = "full recipe" if share(record) == 1 else f"{100 * share(record):.2g} %"
    if record.train_split != TRAINED_ON:
        told = f"on {record.train_split}"
    elif record.recipe == LAPTOP and share(record) == 1:  # of fewer images than the recipe is for
        told = ""
    return f"[{words}]({table_of(record)}) {told}".rstrip()


def figure_of(record: RunRecord) -> str:
    """The FID of what the model made, with the corrected one, in each domain that it makes."""
    found = []
    for pair in record.pairs:
        fid = pair.scores.get("fid", {})
        if (pair.a, pair.b) in (("real 1", "generated"), ("real 2", "generated")) and fid.get("fid") is not None:
            corrected = fid.get("fid_corrected")
            beside = "" if corrected is None else f" ({number_text(corrected, 2)})"
            found.append(f"{pair.domain} {number_text(fid['fid'], 2)}{beside}".strip())
    return f"`{record.dataset}`: {', '.join(found)}" if found else ""


def on_digits() -> dict[str, Run]:
    """By model, the run on digits that stands on their board."""
    there = (
        one
        for one in planned_runs()
        if one.planned.dataset == "digits" and one.seeds and not (one.changes or one.fewer)
    )
    return {one.planned.model: one for one in there if one.first.protocol.id == OF_DIGITS}


def models(task: str) -> Iterator[str]:
    yield "| name | paper | from | recipes for | FID (corrected) | trained: table, share of the recipe |"
    yield "|---|---|---|---|---|---|"
    for name in registry.names("models"):
        spec = registry.load("models", name)
        if (name in CONTROLS) != (task == "controls") or (task in TASKS and spec.task not in TASKS[task]):
            continue
        parts = [part.strip() for part in spec.source.split(";")]
        asked = [part for part in parts if "assignment" in part or "report" in part]
        papers = "; ".join(part for part in parts if part not in asked)
        recipes = ", ".join(f"`{data}`" for data in spec.recipes if data not in ("default", "tiny"))
        figure, done = _trained(name)
        yield f"| `{name}` | {papers} | {'; '.join(asked) or '–'} | {recipes} | {figure} | {done} |"


def _trained(name: str) -> tuple[str, str]:
    """The FID of the first training of a model, and links to all of them. One on digits may be known by its entry."""
    trained, entry = newest_records(name), on_digits().get(name)
    done = [state(record) for record in trained]
    if entry is None or any(record.dataset == "digits" for record in trained):
        return figure_of(trained[0]) if trained else "", "; ".join(done) or "not trained"
    fid = entry.first.scores[""]["fid"]
    figure = f"`digits`: {number_text(fid['fid'], 2)} ({number_text(fid['fid_corrected'], 2)})"
    return figure, "; ".join([f"[`digits`](../results/leaderboards/digits.md) {entry.trained}", *done])


def digits() -> Iterator[str]:
    yield "| model | steps | FID ↓ | corrected [95 %] ↓ | precision ↑ | recall ↑ | test MSE ↓ |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for run in sorted(on_digits().values(), key=lambda one: one.mean_fid):
        model, scores = run.planned.model, run.first.scores[""]
        cells = [
            f"`{model}`{' (control)' if model in CONTROLS else ''}",
            f"{run.first.steps:,}",
            fids_text(run, ""),
            interval(scores["fid"], "fid", 1, "fid_corrected"),
            number_text(scores["prdc"]["precision"], 2),
            number_text(scores["prdc"]["recall"], 2),
            interval(scores.get("mse", {}), "mse", 4),
        ]
        yield f"| {' | '.join(cells)} |"


def laptop() -> Iterator[str]:
    yield "| model | data set | changed settings | steps | minutes on two cores | what the samples show |"
    yield "|---|---|---|---:|---:|---|"
    for model, recipes in laptop_recipes().items():
        for data, one in recipes.items():
            changes = ", ".join(f"`{change}`" for change in one.changes)
            seen = one.seen or "not tried yet"
            yield f"| `{model}` | `{data}` | {changes} | {one.steps:,} | {one.minutes:g} | {seen} |"


# ----- commands


def commands(command: click.Command = bench, name: str = "bench", parent: click.Context | None = None) -> Iterator[str]:
    """What each command says with --help, at 100 columns."""
    context = click.Context(command, parent=parent, info_name=name, terminal_width=100, max_content_width=100)
    yield from (f"### {context.command_path}", "", "```", *context.get_help().rstrip().split("\n"), "```", "")
    if isinstance(command, click.Group):
        for word in command.list_commands(context):
            inner = command.get_command(context, word)
            assert inner is not None
            yield from commands(inner, word, context)


# ----- pages


PARTS: dict[str, Callable[[], Iterator[str]]] = {
    **{f"models, {task}": partial(models, task) for task in (*TASKS, "controls")},
    "models on digits": digits,
    "laptop recipes": laptop,
    "gallery": gallery,
    **{f"runs, {task}": partial(_run_tables.of_task, task, tasks) for task, tasks in TASKS.items()},
    **{f"runs on {data}": partial(_run_tables.of_data, data, "generate") for data in ("celeba-10k", "cufs-sketches")},
    "pairs of cufs": partial(_run_tables.pairs, "cufs"),
    "help of every command": commands,
}


def made(name: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in PARTS[name]()).rstrip("\n")


def written(page: str) -> str:
    """A page with its parts made anew."""
    page = RUN.sub(lambda found: f"{found['mark']}{_run_tables.told(found['name'], found['why'] or '')}", page)
    return PART.sub(lambda found: f"{found['name']} -->\n\n{made(found['name'])}\n\n", page)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check, stale = parser.parse_args().check, []
    if not check:
        cut_pictures()
    elif not is_cut():
        stale.append("docs/gallery")
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        old = page.read_text(encoding="utf-8")
        new = written(old)
        if new != old:
            stale.append(page.name)
            if not check:
                page.write_text(new, encoding="utf-8")
    print(f"{'out of date' if check else 'written'}: {', '.join(stale) or 'none'}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())

"""Measure the stored samples of a run with another extractor."""

from pathlib import Path

import click

from bench.cli._options import data_root_option, examples, json_option, path_type
from bench.cli._output import progress
from bench.cli._running import (
    Judging,
    device_option,
    force_option,
    judging_options,
    open_protocol,
    show,
)


@click.command(
    epilog=examples(
        "bench rescore runs/dcgan-digits-seed0 --extractor pixels",
        "bench rescore runs/dcgan-digits-seed0 --extractor digits-cnn --resize tf1 --json",
    )
)
@click.argument("folder", type=path_type)
@click.option("--dataset", metavar="NAME", help="The PATH, if the run was trained on folder:PATH.")
@judging_options
@device_option
@data_root_option
@force_option
@json_option
def command(
    folder: Path, dataset: str | None, judging: Judging, device: str, data_root: Path | None, force: bool, as_json: bool
) -> None:
    """Measures the samples in FOLDER (of a run) under another protocol. It loads no model and samples nothing.

    JSON: the record (see docs/running.md) with path, files and tables.
    """
    from bench.runs.stored import rescore, subject_of_run

    subject = subject_of_run(folder, dataset, data_root)
    evaluation = open_protocol(subject, judging, device)
    with progress() as tell:
        record = rescore(folder, subject, evaluation, judging.results, force=force, report=tell)
    show(record, judging.results, as_json)

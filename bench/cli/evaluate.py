"""Sample a checkpoint and measure it."""

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


@click.command(epilog=examples("bench evaluate runs/dcgan-digits-seed0", "bench evaluate runs/vae-digits-seed0 --json"))
@click.argument("checkpoint", type=path_type)
@click.option("--model", metavar="NAME", help="Refuse a checkpoint of another model.")
@click.option("--dataset", metavar="NAME", help="The PATH, if the checkpoint was trained on folder:PATH.")
@judging_options
@device_option
@data_root_option
@force_option
@json_option
def command(
    checkpoint: Path,
    model: str | None,
    dataset: str | None,
    judging: Judging,
    device: str,
    data_root: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Samples CHECKPOINT (a file or the folder of a run), measures it, and writes its record.

    JSON: the record (see docs/running.md) with path, files and tables.
    """
    from bench.runs.stored import evaluate_checkpoint, job_of, open_checkpoint, subject_of_checkpoint

    subject = subject_of_checkpoint(checkpoint, dataset, data_root)
    loaded = open_checkpoint(checkpoint, subject, model=model, device=device)
    job = job_of(checkpoint, loaded, subject)
    evaluation = open_protocol(subject, judging, device)
    with progress() as tell:
        record = evaluate_checkpoint(job, loaded, evaluation, judging.results, force=force, report=tell)
    show(record, judging.results, as_json)

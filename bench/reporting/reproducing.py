"""How the runs of a report are made again, where that was, and what was left out of them."""

import shlex
from collections.abc import Iterator, Sequence

from bench import registry
from bench.measuring.evaluation import GENERATED
from bench.reporting.given import Given
from bench.runs.samples import samples_path
from bench.storage.records import TRAINED_ON, setting_text
from bench.tables.notes import COMPLETE, budget_note
from bench.tables.of_record import labels_of


def command_of(run: Given, *, whole: bool = False) -> str:
    """The command that trains and measures it again; of `whole`, with the budget of its recipe."""
    words = ["bench", "run" if run.records else "train", "--model", run.spec.name, "--dataset", run.dataset]
    words += ["--seed", str(run.seed)] if run.seed else []
    for name, value in sorted(run.changes.items()):
        words += ["--set", f"{name}={setting_text(value)}"]
    if run.training:
        for unit, amount in () if whole else sorted(run.training.asked.items()):
            words += [f"--{unit}", f"{amount:g}"]
        words += ["--precision", run.training.precision] if run.training.precision != "float32" else []
    words += ["--train-split", run.train_split] if run.train_split != TRAINED_ON else []
    extractors = {record.protocol.extractor for record in run.records} - {_usual_extractor(run)}
    for name in sorted(extractors)[:1]:
        words += ["--extractor", name]
    return shlex.join(words)


def _usual_extractor(run: Given) -> str:
    base = run.dataset.partition("/")[0]
    if base.startswith("folder:"):
        return ""
    return str(registry.load("datasets", base).extractors[0])


def environment_lines(runs: Sequence[Given]) -> tuple[str, ...]:
    """Where the runs were measured: versions and hardware, each once."""
    found = []
    for record in (record for run in runs for record in run.records):
        one = record.environment
        packages = ", ".join(f"{name} {version}" for name, version in sorted(one.packages.items()))
        commit = f", commit {one.commit}" if one.commit else ""
        found.append(
            f"genbench {one.bench}{commit}; Python {one.python}; {packages}; {one.system}, {one.machine}; "
            f"{one.gpu or f'{one.cores} cores of {one.cpu}'}"
        )
    found += [f"protocol {record.protocol_id}: {_protocol(record)}" for run in runs for record in run.records]
    return tuple(dict.fromkeys(found)) or ("The runs were not measured, so nothing is known of where they were made.",)


def _protocol(record: object) -> str:
    from bench.storage.records import RunRecord

    assert isinstance(record, RunRecord)
    one = record.protocol
    sets = ", ".join(f"{each.name}{' of ' + each.domain if each.domain else ''} {each.count:,}" for each in one.real)
    made = " and ".join(f"{count:,}" for count in one.generated)
    return (
        f"{one.dataset}, features of {one.extractor} (version {one.extractor_version}, sha256 "
        f"{one.extractor_sha256[:12] or 'none'}), resize {one.resize}; images: {sets}, generated {made}; seed of the "
        f"noise {one.sampling_seed}"
    )


def told_data(run: Given, asked: str) -> Iterator[str]:
    """What a run was trained on, and whether that is what was asked for; how long it was trained."""
    if asked and run.dataset != asked:
        yield f"Asked for on {asked}; this run is on {run.dataset}, so it shows the method and not the asked result."
    for record in run.records[:1]:
        yield f"{budget_note(record)[:1].upper()}{budget_note(record)[1:]}."


def not_trained(run: Given) -> Iterator[str]:
    """What of the recipe was left out, and what one training cannot say."""
    done = run.training
    if done and done.epochs < done.full_epochs * COMPLETE:
        yield (
            f"{run.title}: trained for {done.epochs:,.4g} of the {done.full_epochs:,.4g} epochs of its recipe; "
            f"`{command_of(run, whole=True)}{' --resume' if run.folder else ''}` trains all of it"
        )


def not_measured(run: Given) -> Iterator[str]:
    """What could be measured of a run and was not."""
    if not run.records:
        yield f"{run.title}: not measured; `bench evaluate {shlex.quote(str(run.folder))}` does it"
        return
    record = run.records[0]
    measured = {one.name for one in record.protocol.metrics}
    if "memorisation" in measured or run.folder is None or labels_of(record) != ("",):
        return
    samples = samples_path(run.folder, "", GENERATED)
    if samples.is_file():
        base = run.dataset
        command = (
            f"bench score {base}:real-1 {shlex.quote(str(samples))} --metrics memorisation --train "
            f"{base}:{run.train_split} --extractor {record.protocol.extractor}"
        )
        yield f"{run.title}: whether it copies training images is not known; `{command}` tells"

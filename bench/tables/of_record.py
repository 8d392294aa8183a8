"""What the tables of one run and of several ask of a record."""

from collections.abc import Mapping

from bench.measuring.evaluation import GENERATED, REAL_1, RECONSTRUCTED
from bench.measuring.subject import TEST
from bench.storage.records import Numbers, RunRecord
from bench.tables.columns import of_pairs_of_images
from bench.tables.set_tables import signed
from bench.tables.table import Table

TRANSLATES = ("paired", "unpaired")


def made_with(record: RunRecord, table: Table) -> Table:
    """The table as it is shown, with what the record was made with."""
    return signed(table, record.protocol_id, record.protocol.extractor)


def who(record: RunRecord) -> str:
    """The run in a title: model, data set, changed settings, an unusual split, seed."""
    return f"{record.model} on {record.dataset}{record.title.removeprefix(record.model)}"


def labels_of(record: RunRecord) -> tuple[str, ...]:
    """The domains that it has sets of; "" where there are none."""
    return tuple(dict.fromkeys(one.domain for one in record.sets))


def translation_errors(record: RunRecord, label: str) -> Mapping[str, Numbers]:
    """The paired errors of the translations of a domain; {} where they have no partners."""
    pair = record.pair_scores(record.protocol.translated, GENERATED, label)
    by_image = {one.metric.name for one in of_pairs_of_images(record.protocol)}
    return {name: one for name, one in pair.scores.items() if name in by_image} if pair else {}


def scores_of(record: RunRecord, label: str, name: str = GENERATED) -> dict[str, Numbers]:
    """What the generated images of a domain score, or another set of it, beside real 1 and by themselves."""
    pair, one = record.pair_scores(REAL_1, name, label), record.set_scores(name, label)
    return {**(pair.scores if pair else {}), **(one.scores if one else {})}


def image_errors(record: RunRecord, label: str) -> Mapping[str, Numbers]:
    """The paired errors of a run, by metric: of its reconstructions, or of its translations where there are pairs."""
    test = record.pair_scores(TEST, RECONSTRUCTED)
    return test.scores if test else translation_errors(record, label)

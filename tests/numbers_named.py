"""Numbers of metrics by their keys, as tables and rankings take them."""

from bench.measuring.copies import METRIC as COPIES
from bench.measuring.declared import every_metric
from bench.tables.columns import Number

NUMBERS = {output.name: Number(metric, output) for metric in (*every_metric(), COPIES) for output in metric.outputs}

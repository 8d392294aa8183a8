"""How many translated digits are still the numeral that was given, as `digits-cnn` reads them.

    python benchmarks/numerals_kept.py runs/cgan-translate-digits2styles-seed0 ...

For runs on a data set with labels and two domains of digits: all test images (at most 1,000) from x to y. Prints the
share of the reader's largest logits that are the label of the input, and of the targets, which says how well it reads.
"""

import argparse
from pathlib import Path

import numpy as np

from bench.measuring.evaluation import array_source
from bench.measuring.measure import measure
from bench.measuring.scoring import load_metrics, measure_set, table_of
from bench.measuring.subject import TEST
from bench.runs.generators import open_generator
from bench.runs.samples import translate_test
from bench.runs.stored import subject_of_checkpoint

READER = "digits-cnn"


def numerals(images: np.ndarray) -> np.ndarray:
    """What is read in images uint8 [n, c, h, w]: int64 [n]."""
    reader = measure(READER)
    table = table_of(measure_set(array_source(images, "digits"), reader, load_metrics(["inception-score"])))
    assert reader.extractor.logits is not None
    return table.arrays[reader.extractor.logits].argmax(axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("runs", nargs="+", type=Path)
    for run in parser.parse_args().runs:
        subject = subject_of_checkpoint(run, None, None)
        given, wanted = (subject.dataset.load(TEST, subject.root, domain) for domain in subject.domains)
        translated = translate_test(open_generator(run), subject, "x-to-y", None)
        count = len(translated)
        read = {"translated": (translated, given), "targets": (wanted.read(0, count), wanted)}
        shares = (f"{name} {np.mean(numerals(made) == one.labels[:count]):.1%}" for name, (made, one) in read.items())
        print(f"{run.name}: {', '.join(shares)} of {count}")


if __name__ == "__main__":
    main()

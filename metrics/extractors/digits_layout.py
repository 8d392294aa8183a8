"""A small network of scikit-learn's digits that keeps where strokes are, 32x32 grey; `_layout` says how and why.

Trained on the 1,297 training images of the data set `digits` (`python scripts/train_layout.py digits`, a minute of one
core). Accuracy on its 500 test images: 99.2 %. docs/extractors.md says which damage it tells from none.
"""

from metrics.extractors._layout import Design
from metrics.extractors._small_cnn import extractor

DESIGN = Design(size=32)
SHA256 = "ee65a470f097953d41d6111979e1786d5e50e8be5b18db356b7fa4fcf8d679a8"

EXTRACTOR = extractor(
    DESIGN,
    name="digits-layout",
    title="Small network of scikit-learn's digits that keeps the layout, 32x32 grey",
    source="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    family="digits-layout",
    pool="pool",
    logits="logits",
    shipped="digits_layout.safetensors",
    names=tuple("0123456789"),
)

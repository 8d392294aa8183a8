"""Training of the reference models: loop, checkpoints, noise, samples. What a caller needs stands here."""

from reference_models.loop.batches import epoch_images, kept_bytes
from reference_models.loop.curves import read_curve
from reference_models.loop.loading import Cost, Loaded, estimate, load
from reference_models.loop.loop import Budget, Every, TrainResult, check_fits, find_device, train, untrained
from reference_models.loop.noise import Noise
from reference_models.loop.run import draw_curves
from reference_models.loop.sampling import (
    class_embeddings,
    decode,
    encode,
    reconstruct,
    sample,
    sample_embedded,
    sample_from,
    translate,
)
from reference_models.loop.settings import changed_settings, to_json, with_settings

__all__ = [
    "Budget",
    "Cost",
    "Every",
    "Loaded",
    "Noise",
    "TrainResult",
    "changed_settings",
    "check_fits",
    "class_embeddings",
    "decode",
    "draw_curves",
    "encode",
    "epoch_images",
    "estimate",
    "find_device",
    "kept_bytes",
    "load",
    "read_curve",
    "reconstruct",
    "sample",
    "sample_embedded",
    "sample_from",
    "to_json",
    "train",
    "translate",
    "untrained",
    "with_settings",
]

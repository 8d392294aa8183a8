"""Training of the reference models: loop, checkpoints, noise, samples. What a caller needs stands here."""

from reference_models.loop.averaging import built
from reference_models.loop.batches import epoch_images, kept_bytes
from reference_models.loop.curves import read_curve
from reference_models.loop.follow import follow
from reference_models.loop.loading import Cost, Loaded, estimate, load
from reference_models.loop.loop import Budget, Every, TrainResult, check_fits, find_device, train, untrained
from reference_models.loop.noise import Noise
from reference_models.loop.ranks import asked_ranks, joined
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
from reference_models.loop.together import check_shared

__all__ = [
    "Budget",
    "Cost",
    "Every",
    "Loaded",
    "Noise",
    "TrainResult",
    "asked_ranks",
    "built",
    "changed_settings",
    "check_fits",
    "check_shared",
    "class_embeddings",
    "decode",
    "draw_curves",
    "encode",
    "epoch_images",
    "estimate",
    "find_device",
    "follow",
    "joined",
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

"""BigGAN-deep for ImageNet at 128x128 (Brock et al. 2019, table 7), with the weights that DeepMind released."""

from functools import partial

from reference_models.pretrained._released import build, published
from reference_models.pretrained.types import Pretrained

LAYERS = (  # twice the side?, channels before and after in widths of 128
    (False, 16, 16),
    (True, 16, 16),
    (False, 16, 16),
    (True, 16, 8),
    (False, 8, 8),
    (True, 8, 4),
    (False, 4, 4),
    (True, 4, 2),
    (False, 2, 2),
    (True, 2, 1),
)

PRETRAINED = Pretrained(
    name="biggan-deep-128",
    title="BigGAN-deep, ImageNet at 128x128",
    source="Brock, Donahue and Simonyan 2019, arXiv 1809.11096; converted by pytorch-pretrained-biggan",
    shape=(3, 128, 128),
    classes=1000,
    labels="ImageNet (ILSVRC 2012) classes in their usual order",
    file=published(128),  # neither a hash nor a size on record
    saved_as=("pytorch_model.bin", "config.json"),
    build=partial(build, side=128, layers=LAYERS),
)

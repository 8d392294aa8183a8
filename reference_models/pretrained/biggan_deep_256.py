"""BigGAN-deep for ImageNet at 256x256 (Brock et al. 2019, table 8), with the weights that DeepMind released."""

from functools import partial

from reference_models.pretrained._released import build, published
from reference_models.pretrained.types import Pretrained

LAYERS = (  # twice the side?, channels before and after in widths of 128
    (False, 16, 16),
    (True, 16, 16),
    (False, 16, 16),
    (True, 16, 8),
    (False, 8, 8),
    (True, 8, 8),
    (False, 8, 8),
    (True, 8, 4),
    (False, 4, 4),
    (True, 4, 2),
    (False, 2, 2),
    (True, 2, 1),
)

PRETRAINED = Pretrained(
    name="biggan-deep-256",
    title="BigGAN-deep, ImageNet at 256x256",
    source="Brock, Donahue and Simonyan 2019, arXiv 1809.11096; converted by pytorch-pretrained-biggan",
    shape=(3, 256, 256),
    classes=1000,
    labels="ImageNet (ILSVRC 2012) classes in their usual order",
    # As a public installer of this file records it; its record of the settings' hash equals that of LAYERS here.
    file=published(256, "5900ef4065047e3aa0d1b66197b7f2664dceb59b27080e414ad57e203c485bc5", 234_411_737),
    saved_as=("pytorch_model.bin", "config.json"),
    build=partial(build, side=256, layers=LAYERS),
)

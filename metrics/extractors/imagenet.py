"""The 1,000 classes of ImageNet's competition of 2012, in the order of their WordNet numbers, as classifiers have them.

The names are those that torchvision keeps beside its weights. TensorFlow's Inception of 2015, whose 1,008 logits the
FID's network has, is of another order.
"""


def class_names() -> tuple[str, ...]:
    """The name of each class: 339 is sorrel, 340 zebra."""
    from torchvision.models import EfficientNet_B0_Weights

    return tuple(EfficientNet_B0_Weights.DEFAULT.meta["categories"])

"""How the pictures of a submission are laid out: images row by row, with gaps, all enlarged by one whole factor."""

PREVIEW_IMAGES, PREVIEW_COLUMNS = 36, 6
NEIGHBOURS = 8  # columns: a submitted image above, the training image that is nearest to it below
GAP = 2  # pixels between images, before they are enlarged
SMALLEST = 64  # pixels: smaller images are enlarged


def enlarged(size: tuple[int, int]) -> int:
    """How many times an image of this (height, width) is enlarged."""
    return max(1, SMALLEST // min(size))


def sheet_size(columns: int, rows: int, size: tuple[int, int]) -> tuple[int, int]:
    """The (width, height) of a picture of images of this (height, width)."""
    height, width = size
    return (columns * (width + GAP) - GAP) * enlarged(size), (rows * (height + GAP) - GAP) * enlarged(size)

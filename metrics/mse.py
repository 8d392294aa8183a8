"""Reconstruction error of paired images: mean squared error, mean absolute error, PSNR and SSIM.

Row i of `generated` is a reconstruction (or a translation) of row i of `real`. Images are flattened to vectors of
D = c h w values in [0, 1] (uint8 is divided by 255):

    MSE_i = 1/D sum_j (x_ij - y_ij)^2          mse = mean_i MSE_i
    MAE_i = 1/D sum_j |x_ij - y_ij|            mae = mean_i MAE_i
    PSNR_i = 10 log10(1 / MSE_i) dB            psnr = mean_i PSNR_i
    SSIM_i   as in Wang et al. 2004            ssim = mean_i SSIM_i

The mean over D, not the sum: a sum grows with the image size. `mse_se` is the standard error over images and the 95 %
interval takes Student's t with n - 1 degrees of freedom.

PSNR is the mean over images, the usual convention for sets; by Jensen's inequality it is at least as high as the PSNR
of the mean MSE. An image that is reconstructed exactly has no finite PSNR: each image counts with at most 100 dB, the
level of one 8-bit step in a single value of a 3x226x226 image.

SSIM has the published settings (Gaussian window of 11 pixels with sigma 1.5, population covariance, K1 = 0.01,
K2 = 0.03), channels averaged; scikit-image with these settings gives the same. The border of 5 pixels that the window
cannot fill is left out, a narrower one where a side is shorter than 11 pixels.
"""

from collections.abc import Iterator

import numpy as np

from genbench.shapes import Float64, Shaped
from genbench.surroundings import numpy_defaults
from metrics.arithmetic.arrays import Given, plain_array
from metrics.arithmetic.quantiles import t95
from metrics.errors import InputError
from metrics.types import Interval, Metric, Output

BLOCK_VALUES = 1 << 22  # pixel values turned into float64 at once: 32 MiB per set
PSNR_CAP = 100.0  # dB
SSIM_WINDOW, SSIM_SIGMA = 11, 1.5  # pixels
SSIM_C1, SSIM_C2 = 0.01**2, 0.03**2  # (K1 L)^2 and (K2 L)^2 with L = 1


def _check(
    given_real: Given, given_generated: Given
) -> tuple[Shaped[np.ndarray, "n c h w"], Shaped[np.ndarray, "n c h w"]]:
    real, generated = plain_array(given_real, "the real images"), plain_array(given_generated, "the generated images")
    for images, what in ((real, "the real images"), (generated, "the generated images")):
        if images.ndim != 4 or 0 in images.shape[1:]:
            raise InputError(f"{what} have shape {images.shape}; expected an array [images, channels, height, width]")
        if images.dtype != np.uint8 and images.dtype.kind != "f":
            raise InputError(f"{what} are of type {images.dtype}; expected uint8 in [0, 255] or floats in [0, 1]")
    if real.shape != generated.shape:
        raise InputError(
            f"the real images are {real.shape} and the generated ones {generated.shape}; expected equal counts and "
            "sizes, since row i is compared with row i; give each image its reconstruction"
        )
    if len(real) < 2:
        raise InputError(f"{len(real)} pair(s) of images; expected at least 2, to measure their spread; give more")
    return real, generated


def _unit(images: Shaped[np.ndarray, "b c h w"]) -> Float64[np.ndarray, "b c h w"]:
    """Values in [0, 1]; InputError for floats outside, NaN among them."""
    if images.dtype == np.uint8:
        return images / 255.0
    low, high = float(images.min()), float(images.max())
    if not (low >= 0 and high <= 1):
        raise InputError(
            f"float images span [{low:.4g}, {high:.4g}]; expected [0, 1]; give uint8, or map them first "
            "(from [-1, 1]: x / 2 + 0.5)"
        )
    return images.astype(np.float64)


def _blocks(real: np.ndarray, generated: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    step = max(1, BLOCK_VALUES // real[0].size)
    for start in range(0, len(real), step):
        yield _unit(real[start : start + step]), _unit(generated[start : start + step])


@numpy_defaults()
def per_image(real: Given, generated: Given) -> Float64[np.ndarray, " n"]:
    """Mean squared error [n] of each pair of images [n, c, h, w], in [0, 1], lower is better; raises as `compute`."""
    real, generated = _check(real, generated)
    return np.concatenate([np.square(x - y).mean(axis=(1, 2, 3)) for x, y in _blocks(real, generated)])


@numpy_defaults()
def absolute_per_image(real: Given, generated: Given) -> Float64[np.ndarray, " n"]:
    """Mean absolute error [n] of each pair of images [n, c, h, w], in [0, 1], lower is better; raises as `compute`.

    The L1 distance of Isola et al. 2017, eq. 3, as a mean over the values.
    """
    real, generated = _check(real, generated)
    return np.concatenate([np.abs(x - y).mean(axis=(1, 2, 3)) for x, y in _blocks(real, generated)])


def psnr_per_image(errors: Given) -> Float64[np.ndarray, " n"]:
    """PSNR [n] in dB of each image from its mean squared error [n] in [0, 1], at most 100 dB; higher is better."""
    errors = plain_array(errors, "the mean squared errors")
    if errors.ndim != 1 or errors.dtype.kind != "f" or not ((errors >= 0) & (errors <= 1)).all():
        raise InputError("the mean squared errors are not floats [n] in [0, 1]; give what per_image returns")
    return np.minimum(PSNR_CAP, 10 * np.log10(1 / np.maximum(errors.astype(np.float64), 10 ** (-PSNR_CAP / 10))))


@numpy_defaults()
def ssim_per_image(real: Given, generated: Given) -> Float64[np.ndarray, " n"]:
    """Structural similarity [n] of each pair of images [n, c, h, w], in [-1, 1], higher is better; raises as `compute`.

    Wang et al. 2004, Image quality assessment: from error visibility to structural similarity, eq. 13.
    """
    real, generated = _check(real, generated)
    shorter = min(real.shape[2:])
    border = (min(SSIM_WINDOW, shorter - 1 + shorter % 2) - 1) // 2  # of a window no longer than the side
    return np.concatenate([_similarity(x, y, border) for x, y in _blocks(real, generated)])


def _similarity(
    x: Float64[np.ndarray, "b c h w"], y: Float64[np.ndarray, "b c h w"], border: int
) -> Float64[np.ndarray, " b"]:
    """Eq. 13 at each pixel, meaned over the pixels that are not in the border, and over the channels."""
    mean_x, mean_y = _smooth(x), _smooth(y)
    square_x, square_y, product = mean_x * mean_x, mean_y * mean_y, mean_x * mean_y
    luminance = (2 * product + SSIM_C1) / (square_x + square_y + SSIM_C1)
    spread = _smooth(x * x) - square_x + _smooth(y * y) - square_y
    structure = (2 * (_smooth(x * y) - product) + SSIM_C2) / (spread + SSIM_C2)
    height, width = x.shape[2:]
    inside = (luminance * structure)[:, :, border : height - border, border : width - border]
    means: np.ndarray = inside.mean(axis=(1, 2, 3))
    return means


def _smooth(images: Float64[np.ndarray, "b c h w"]) -> Float64[np.ndarray, "b c h w"]:
    """The mean around each pixel, with the weights of the window; images are mirrored at their edges."""
    from scipy.ndimage import gaussian_filter

    smoothed: np.ndarray = gaussian_filter(images, SSIM_SIGMA, radius=SSIM_WINDOW // 2, mode="reflect", axes=(2, 3))
    return smoothed


@numpy_defaults()
def compute(real: Given, generated: Given) -> dict[str, float]:
    """MSE, MAE, PSNR and SSIM of paired images [n, c, h, w], uint8 or floats in [0, 1], means over the images.

    `mse` in [0, 1], lower is better, with its standard error `mse_se` and 95 % interval `mse_low`, `mse_high`; `mae` in
    [0, 1], lower is better; `psnr` in dB, at most 100, and `ssim` in [-1, 1], higher is better. InputError for
    different counts or shapes, fewer than 2 pairs, other types, and floats outside [0, 1].
    """
    errors = per_image(real, generated)
    mean, se = errors.mean(), errors.std(ddof=1) / np.sqrt(len(errors))
    reach = t95(len(errors) - 1) * se
    return {
        "mse": float(mean),
        "mse_se": float(se),
        "mse_low": float(max(mean - reach, 0.0)),
        "mse_high": float(mean + reach),
        "mae": float(absolute_per_image(real, generated).mean()),
        "psnr": float(psnr_per_image(errors).mean()),
        "ssim": float(ssim_per_image(real, generated).mean()),
    }


METRIC = Metric(
    name="mse",
    title="Reconstruction error",
    source="Mean squared error over paired images in [0, 1]; SSIM: Wang et al. 2004, doi 10.1109/TIP.2003.819861",
    feature="images",
    arity="pair",
    outputs=(
        Output(
            *("mse", "MSE", "lower"),
            says="mean squared difference of paired images in [0, 1]",
            interval=Interval("mse_low", "mse_high", "mse_se", even=False),
            least=0,
            most=1,
        ),
        Output(
            *("mae", "MAE", "lower"),
            says="mean absolute difference of paired images in [0, 1]",
            least=0,
            most=1,
            shown="entry",
            decimals=4,
        ),
        Output(
            *("psnr", "PSNR (dB)", "higher"),
            says="the squared difference in decibels, mean over images",
            most=PSNR_CAP,
            shown="entry",
            decimals=2,
        ),
        Output(
            *("ssim", "SSIM", "higher"),
            says="structural similarity, mean over images",
            least=-1,
            most=1,
            shown="entry",
        ),
    ),
    protocol=True,
    compute=compute,
    least=2,
)

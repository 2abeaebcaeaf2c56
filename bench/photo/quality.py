"""How near a rendition is to a reference that none of the subjects made.

The reference is the whole photo, decoded by Pillow at full size, resampled in floating point with Pillow's Lanczos (three
lobes), either on the values as stored or in linear light, and brought to sRGB by the primaries' matrix. SSIM is
scikit-image's, of the brightness (Rec. 601), with the window of Wang et al. 2004.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageOps
from skimage.metrics import structural_similarity

# CSS Color 4: linear Display P3 to linear sRGB.
P3_TO_SRGB = np.array(
    [[1.2249401, -0.2249402, 0.0], [-0.0420569, 1.0420571, 0.0], [-0.0196376, -0.0786361, 1.0982735]], np.float32
)
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# Mean difference of patches per colour, of 255, above which a rendition is in other colours, or lies on its side.
DIFFERENT, PATCH = 2, 16

pillow_heif.register_heif_opener()


@dataclass
class Quality:
    """SSIM against the references; or what is wrong with the rendition."""

    stored: float
    linear: float
    wrong: str | None


class References:
    """A photo as `side` pixels of its longer side."""

    def __init__(self, photo: Path, side: int) -> None:
        image = Image.open(photo)
        p3 = "icc_profile" in image.info
        upright = ImageOps.exif_transpose(image).convert("RGB")
        size = tuple(round(length * side / max(upright.size)) for length in upright.size)
        pixels = np.asarray(upright, np.float32) / 255
        stored = resampled(pixels, size)
        self.stored = to_gamma(to_linear(stored) @ P3_TO_SRGB.T) if p3 else stored
        linear = resampled(to_linear(pixels), size)
        self.linear = to_gamma(linear @ P3_TO_SRGB.T if p3 else linear)

    def judge(self, rendition: Path) -> Quality:
        image = Image.open(rendition)
        carried = {"exif", "icc_profile", "xmp", "comment"} & image.info.keys()
        pixels = np.asarray(image.convert("RGB"), np.float32) / 255
        if pixels.shape != self.stored.shape:
            return Quality(0, 0, f"{image.width} x {image.height} pixels")
        difference = float(np.abs(patches(pixels) - patches(self.stored)).mean(axis=(0, 1)).max()) * 255
        wrong = f"carries {', '.join(sorted(carried))}" if carried else None
        wrong = f"colours off by {difference:.1f}" if difference > DIFFERENT else wrong
        return Quality(ssim(pixels, self.stored), ssim(pixels, self.linear), wrong)


def resampled(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    bands = [Image.fromarray(pixels[:, :, band]).resize(size, Image.Resampling.LANCZOS) for band in range(3)]
    return np.clip(np.stack([np.asarray(band) for band in bands], axis=2), 0, 1)


def patches(pixels: np.ndarray) -> np.ndarray:
    """The mean colours of squares: noise and edges that were coded differently are not other colours."""
    rows, columns = pixels.shape[0] // PATCH, pixels.shape[1] // PATCH
    whole = pixels[: rows * PATCH, : columns * PATCH]
    return whole.reshape(rows, PATCH, columns, PATCH, 3).mean(axis=(1, 3))


def to_linear(gamma: np.ndarray) -> np.ndarray:
    return np.where(gamma <= 0.04045, gamma / 12.92, ((gamma + 0.055) / 1.055) ** 2.4).astype(np.float32)


def to_gamma(linear: np.ndarray) -> np.ndarray:
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055).astype(np.float32)


def ssim(left: np.ndarray, right: np.ndarray) -> float:
    window = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(structural_similarity(left @ LUMA, right @ LUMA, data_range=1.0, **window))

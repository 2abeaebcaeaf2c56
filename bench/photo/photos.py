"""Makes the photos of the bench: the same bytes on every run.

No large photo may be had from a package, so one is put together: real photos that scikit-image carries, enlarged until a
`display` rendition shows each of their pixels once, and a sensor's noise on top, as much as brings a JPEG to what a
phone writes per pixel.
"""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
import pyvips
import skimage
from PIL import Image, ImageCms
from scipy.ndimage import gaussian_filter

# NASA and CC0 (scikit-image's data/README.txt); left edge, top edge and size of the part that is taken.
TILES = [
    ("astronaut", 60, 0, 400),
    ("coffee", 0, 0, 400),
    ("motorcycle_left", 0, 60, 400),
    ("rocket", 120, 20, 400),
    ("motorcycle_left", 330, 90, 400),
    ("chelsea", 90, 0, 300),
    ("motorcycle_right", 160, 80, 400),
    ("coffee", 200, 0, 400),
    ("rocket", 200, 27, 400),
    ("motorcycle_right", 300, 60, 400),
    ("astronaut", 100, 110, 400),
    ("motorcycle_left", 150, 100, 400),
]
COLUMNS, ROWS = 4, 3
# At 12 megapixels; a tile of 400 pixels becomes 403 of `display`.
TILE_SIDE = 1008
# Standard deviation at half brightness; it grows with the root of the light.
NOISE = 6.0
# Noise of a sensor is not white: the missing colours of each pixel are made of its neighbours'.
NOISE_BLUR = 0.6


def scene(scale: int) -> Image.Image:
    """The photo, 4032 x 3024 times `scale`."""
    side = TILE_SIDE * scale
    picture = Image.new("RGB", (COLUMNS * side, ROWS * side))
    folder = Path(skimage.__file__).parent / "data"
    for index, (name, left, top, part) in enumerate(TILES):
        photo = Image.open(folder / f"{name}.png" if name != "rocket" else folder / "rocket.jpg").convert("RGB")
        tile = photo.resize((side, side), Image.Resampling.BICUBIC, (left, top, left + part, top + part))
        picture.paste(tile, (index % COLUMNS * side, index // COLUMNS * side))
    return noisy(picture)


def noisy(picture: Image.Image) -> Image.Image:
    """With a sensor's noise."""
    random = np.random.default_rng(20261124)
    bands = []
    for band in picture.split():
        light = np.asarray(band, np.float32)
        grain = gaussian_filter(random.standard_normal(light.shape, np.float32), NOISE_BLUR)
        grain = grain / grain.std() * NOISE * np.sqrt(light / 128)
        bands.append(Image.fromarray(np.clip(light + grain + 0.5, 0, 255).astype(np.uint8)))
    return Image.merge("RGB", bands)


def display_p3() -> bytes:
    """The profile Display P3 that libvips carries."""
    pixel = pyvips.Image.black(1, 1, bands=3).copy(interpretation="srgb")
    return pixel.icc_transform("p3", input_profile="srgb").get("icc-profile-data")


def in_p3(picture: Image.Image, profile: bytes) -> Image.Image:
    return ImageCms.profileToProfile(picture, ImageCms.createProfile("sRGB"), io.BytesIO(profile))


def write_iphone_jpeg(picture: Image.Image, path: Path) -> None:
    """Taken upright: stored sideways, with a profile and a position."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    profile = display_p3()
    in_p3(picture, profile).save(path, "JPEG", quality=90, subsampling="4:2:0", exif=exif, icc_profile=profile)


def write_heic(picture: Image.Image, path: Path) -> None:
    profile = display_p3()
    heif = pillow_heif.from_pillow(in_p3(picture, profile))
    heif.save(path, quality=50, icc_profile=profile, enc_params={"preset": "fast"})


def write(**options: object) -> Callable[[Image.Image, Path], None]:
    return lambda picture, path: picture.save(path, **options)


# Name, factor on 4032 x 3024, and who writes it.
PHOTOS = {
    "12mp.jpg": ("JPEG, 12 MP", 1, write(quality=90, subsampling="4:2:0")),
    "12mp-progressive.jpg": ("JPEG, 12 MP, progressive", 1, write(quality=90, subsampling="4:2:0", progressive=True)),
    "12mp-iphone.jpg": ("JPEG, 12 MP, sideways, Display P3", 1, write_iphone_jpeg),
    "48mp.jpg": ("JPEG, 48 MP", 2, write(quality=90, subsampling="4:2:0")),
    "12mp.png": ("PNG, 12 MP", 1, write(compress_level=6)),
    "12mp.webp": ("WebP, 12 MP", 1, write(quality=85, method=4)),
    "12mp.heic": ("HEIC, 12 MP, Display P3", 1, write_heic),
    "12mp.avif": ("AVIF, 12 MP", 1, write(quality=70, speed=8, max_threads=1)),
}


def make(folder: Path) -> list[Path]:
    """Writes those photos that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    scenes: dict[int, Image.Image] = {}
    for name, (_, scale, writer) in PHOTOS.items():
        path, unfinished = folder / name, folder / f"unfinished-{name}"
        if path.exists():
            continue
        if scale not in scenes:
            scenes[scale] = scene(scale)
        writer(scenes[scale], unfinished)
        unfinished.rename(path)
    return [folder / name for name in PHOTOS]

"""Pillow: decoded once at the smallest of JPEG's scales, `display` of it, `thumb` of `display`."""

import io

import pillow_heif
from PIL import Image, ImageCms, ImageOps, __version__
from worker import DISPLAY, QUALITY, THUMB, serve

SETTINGS = (
    f"Pillow {__version__}, pillow-heif {pillow_heif.__version__} for HEIC: draft mode, `thumbnail` to 1600 with LANCZOS, "
    f"`exif_transpose`, ImageCms to sRGB where there is a profile, `thumb` from that; JPEG quality {QUALITY}, 4:2:0, optimize"
)
SRGB = ImageCms.createProfile("sRGB")

pillow_heif.register_heif_opener()


def encode(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True, subsampling="4:2:0", exif=b"", icc_profile=None)
    return out.getvalue()


def shrunk(image: Image.Image, side: int) -> Image.Image:
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=None)
    return image


def render(data: bytes) -> tuple[bytes, bytes]:
    image = Image.open(io.BytesIO(data))
    profile = image.info.get("icc_profile")
    scale = DISPLAY / max(image.size)
    image.draft("RGB", (round(image.width * scale), round(image.height * scale)))
    display = ImageOps.exif_transpose(shrunk(image, DISPLAY)).convert("RGB")
    if profile:
        display = ImageCms.profileToProfile(display, io.BytesIO(profile), SRGB)
    return encode(shrunk(display.copy(), THUMB)), encode(display)


serve(SETTINGS, render)

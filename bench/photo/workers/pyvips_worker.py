"""libvips in the process, three ways; the second argument names one."""

import math
import sys

import pyvips
from worker import DISPLAY, QUALITY, THUMB, serve

SAVE = {"Q": QUALITY, "optimize_coding": True, "keep": "none"}
FIT = {"size": "down"}
COMMON = (
    f"jpegsave Q {QUALITY}, 4:2:0, optimize_coding, keep none; "
    "export_profile srgb only where there is a profile (without one it costs 240 ms and changes nothing); no operation cache"
)


def opened(data: bytes) -> pyvips.Image:
    """The header; pixels are read when they are asked for."""
    return pyvips.Image.new_from_buffer(data, "", access="sequential")


def to_srgb(header: pyvips.Image) -> dict[str, str]:
    return {"export_profile": "srgb"} if header.get_typeof("icc-profile-data") else {}


def thumbnail(data: bytes, side: int) -> pyvips.Image:
    return pyvips.Image.thumbnail_buffer(data, side, height=side, **FIT, **to_srgb(opened(data)))


def both(display: pyvips.Image) -> tuple[bytes, bytes]:
    """Both renditions of one that is in memory already."""
    thumb = display.thumbnail_image(THUMB, height=THUMB, **FIT)
    return thumb.jpegsave_buffer(**SAVE), display.jpegsave_buffer(**SAVE)


def twice(data: bytes) -> tuple[bytes, bytes]:
    return tuple(thumbnail(data, side).jpegsave_buffer(**SAVE) for side in (THUMB, DISPLAY))


def once(data: bytes) -> tuple[bytes, bytes]:
    return both(thumbnail(data, DISPLAY).copy_memory())


def same_shrink(data: bytes) -> tuple[bytes, bytes]:
    """As qdn does: the smallest of JPEG's scales that is not below `display`."""
    header = opened(data)
    if header.get("vips-loader") != "jpegload_buffer":
        raise ValueError("not a JPEG")
    room = max(header.width, header.height) / DISPLAY
    shrink = max(1, min(8, 2 ** math.floor(math.log2(room))))
    image = pyvips.Image.jpegload_buffer(data, shrink=shrink, access="sequential")
    small = image.thumbnail_image(DISPLAY, height=DISPLAY, **FIT, **to_srgb(header))
    return both(small.copy_memory())


WAYS = {
    "twice": (twice, "`thumbnail_buffer` to 1600 and again to 320"),
    "once": (once, "`thumbnail_buffer` to 1600, `thumbnail_image` of that to 320"),
    "same-shrink": (
        same_shrink,
        "as before, but `jpegload` with the shrink that qdn takes (libvips itself keeps a factor of two)",
    ),
}

pyvips.cache_set_max(0)
render, words = WAYS[sys.argv[2]]
version = ".".join(str(pyvips.version(part)) for part in range(3))
serve(f"libvips {version} by pyvips {pyvips.__version__}: {words}; {COMMON}", render)

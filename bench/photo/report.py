"""The results as Markdown."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from photos import PHOTOS
from quality import Quality

QDN, SAME_SHRINK, LIBVIPS, SHARP = "qdn", "libvips, same shrink", "libvips, once", "sharp, once"
# The photos that the targets speak of: as it comes from most phones, and as an iPhone writes it.
TARGETED = ("12mp.jpg", "12mp-iphone.jpg")

INTRO = """\
# A photo to both renditions

Made by `cargo xtask bench photo`. From a photo's bytes to `thumb` (320 px) and `display` (1600 px): JPEG, upright, in sRGB,
without metadata, which is checked. All subjects are processes that stay and take turns photo by photo, for {rounds} rounds; each round begins
one subject further. What counts is CPU time, user and system, of all threads (the process's CPU clock, read from outside; of
`vipsthumbnail`, what its processes used), the best round; the median stands in brackets. On one core (`taskset`) libvips and sharp get one
thread, on two cores two. Peak memory is that of the process, which was started for this photo; in brackets what it takes before any photo, so with
Python or node in it. The machine is shared: milliseconds compare within one run only.

SSIM is scikit-image's, of the brightness, Gaussian window, against a reference that no subject made: the whole photo decoded by
Pillow, resampled in floating point with Lanczos3, on the values as stored; in brackets the same in linear light (all subjects resample
stored values).

Photos: real ones that scikit-image carries (astronaut, coffee, motorcycle, rocket, cat), put together, enlarged until a `display` shows each of
their pixels once, with a sensor's noise on top: `bench/photo/photos.py`. No large photo is to be had from a package.

Processor: {processor}. Settings of all subjects stand at the end.
"""

# Why a target is missed, where it is.
WHY = {
    SHARP: "more than a third of our time is entropy decoding, which sharp does with the same libjpeg code and nobody can leave out",
    LIBVIPS: "more than a third of our time is the same entropy decoding, and an eighth is memory fetched anew for each photo (the row `malloc keeps memory` is without that)",
    SAME_SHRINK: "the same work by the same decoder; what differs is resampling and encoding",
    "ssim": "we take JPEG's scale of 1/2 where libvips and sharp decode all pixels of a 12 MP photo: less detail, and fewer bytes; "
    "with the same shrink SSIM is the same, and at quality 81 ours is above theirs for 1.3 % more bytes",
    "bytes": "as many bytes for the display; a thumb that keeps more detail",
    "memory": "a progressive JPEG needs all coefficients at once",
}


@dataclass
class Result:
    """What a subject needed for a photo, and what came out."""

    cpu_ms: list[float] = field(default_factory=list)
    peak_mb: float = 0
    bytes_out: tuple[int, int] = (0, 0)
    quality: tuple[Quality, Quality] | None = None
    error: str | None = None

    @property
    def best(self) -> float:
        return min(self.cpu_ms)

    @property
    def median(self) -> float:
        return statistics.median(self.cpu_ms)


def write(files: list[Path], runs: dict, said: dict, rounds: int) -> str:
    """`runs` by photo and number of cores, then by subject; `said` is each subject's settings and its memory at rest."""
    parts = [INTRO.format(rounds=rounds, processor=processor()), *targets(files, runs)]
    for file in files:
        parts += ["", f"## {describe(file)}", "", *table(runs[file.name, 1], runs[file.name, 2], said)]
    parts += ["", "## Settings", "", *(f"- **{name}**: {settings}" for name, (settings, _) in said.items())]
    return "\n".join(parts) + "\n"


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")


def describe(file: Path) -> str:
    with Image.open(file) as image:
        pixels = image.width * image.height
    size = file.stat().st_size
    return f"{PHOTOS[file.name][0]}: {size / 1e6:.1f} MB, {size / pixels:.2f} bytes a pixel"


def table(one: dict[str, Result], two: dict[str, Result], said: dict) -> Iterator[str]:
    yield "| | CPU ms | of qdn's | photos per CPU s | on two cores, ms | peak MB | bytes thumb + display | SSIM thumb | SSIM display |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for name, result in one.items():
        if name == SAME_SHRINK and result.error:
            continue
        if result.error:
            yield f"| {name} | cannot: {result.error} |" + " |" * 7
            continue
        yield "| " + " | ".join([name, *cells(result, two[name], one[QDN], said[name][1])]) + " |"


def cells(result: Result, on_two: Result, qdn: Result, at_rest_mb: float) -> list[str]:
    return [
        f"**{result.best:.1f}** ({result.median:.1f})",
        f"{result.best / qdn.best:.2f} x",
        f"{1000 / result.best:.1f}",
        f"{on_two.best:.1f} ({on_two.median:.1f})",
        f"{result.peak_mb:.0f} ({at_rest_mb:.0f})",
        " + ".join(f"{count:,}" for count in result.bytes_out),
        *(quality.wrong or f"{quality.stored:.4f} ({quality.linear:.4f})" for quality in result.quality),
    ]


def targets(files: list[Path], runs: dict) -> Iterator[str]:
    yield "## Targets, for qdn on one core\n"
    yield "| photo | target | is | |"
    yield "|---|---|---|---|"
    for file in files:
        results = runs[file.name, 1]
        judged = ratios(results) if file.name in TARGETED else []
        if file.suffix == ".jpg":
            judged = [*judged, ("memory", "peak under 64 MB", f"{results[QDN].peak_mb:.0f} MB", results[QDN].peak_mb < 64)]
        for reason, words, value, met in judged:
            verdict = "met" if met else f"**missed**: {WHY[reason]}"
            yield f"| {PHOTOS[file.name][0]} | {words} | {value} | {verdict} |"


def ratios(results: dict[str, Result]) -> Iterator[tuple[str, str, str, bool]]:
    """Why it would be missed, the target, what it is, whether it is met."""
    qdn = results[QDN]
    for peer, most in ((SHARP, 0.5), (LIBVIPS, 0.65), (SAME_SHRINK, 0.9)):
        ratio = qdn.best / results[peer].best
        yield peer, f"CPU time at most {most} x that of {peer}", f"{ratio:.3f} x", ratio <= most
    for peer in (SHARP, LIBVIPS, SAME_SHRINK):
        ours, theirs = ([quality.stored for quality in results[name].quality] for name in (QDN, peer))
        # What the fourth digit does not show is the same.
        met = all(round(our, 4) >= round(their, 4) for our, their in zip(ours, theirs, strict=True))
        pairs = ", ".join(f"{our:.4f} to {their:.4f}" for our, their in zip(ours, theirs, strict=True))
        yield "ssim", f"SSIM of thumb and display no lower than {peer}", pairs, met
        more = sum(qdn.bytes_out) / sum(results[peer].bytes_out) - 1
        yield "bytes", f"no more bytes than {peer}", f"{more * 100:+.1f} %", more <= 0

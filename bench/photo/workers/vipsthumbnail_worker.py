"""vipsthumbnail, Debian's: a program run for `display`, and again for the `thumb` of that."""

import os
import re
import subprocess
import sys

import pillow_heif
from PIL import Image
from worker import DISPLAY, QUALITY, THUMB, photos, say

OPTIONS = f"[Q={QUALITY},optimize_coding,strip]"
SETTINGS = (
    f"`vipsthumbnail --size 1600>`, then `--size 320>` of that; {OPTIONS}; `--export-profile srgb` only where there is a profile, "
    "which is looked up outside of what is measured (without one this version changes the colours)"
)

pillow_heif.register_heif_opener()


class Cost:
    """What the programs took that were run for a photo."""

    def __init__(self) -> None:
        self.cpu_ms, self.peak_kb = 0.0, 0

    def run(self, *arguments: str) -> str:
        """Runs it; returns why it failed."""
        child = subprocess.Popen(["vipsthumbnail", *arguments], stderr=subprocess.PIPE, text=True)
        complaint = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_ms += (usage.ru_utime + usage.ru_stime) * 1000
        self.peak_kb = max(self.peak_kb, usage.ru_maxrss)
        return complaint.strip().splitlines()[-1] if child.returncode else ""


def render(path: str, folder: str) -> dict:
    cost = Cost()
    thumb, display = f"{folder}/thumb.jpg", f"{folder}/display.jpg"
    with Image.open(path) as header:
        to_srgb = ["--export-profile", "srgb"] if "icc_profile" in header.info else []
    complaint = cost.run(path, "--size", f"{DISPLAY}>", *to_srgb, "-o", display + OPTIONS)
    complaint = complaint or cost.run(display, "--size", f"{THUMB}>", "-o", thumb + OPTIONS)
    return {"error": complaint} if complaint else vars(cost)


version = subprocess.run(["vipsthumbnail", "--vips-version"], capture_output=True, text=True, check=True).stdout
number = re.search(r"\d+\.\d+\.\d+", version)
say({"settings": f"libvips {number[0] if number else '?'}: {SETTINGS}"})
for photo in photos():
    say(render(photo, sys.argv[1]))

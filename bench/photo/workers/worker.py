"""What the workers in Python share: the line protocol.

A worker is started with a folder. Its first line says what it is and with which settings it works. Each line it reads is
the path of a photo: it makes both renditions, writes them into the folder as `thumb.jpg` and `display.jpg`, and answers a
line, `{}` or `{"error": …}`. What it cost is read from outside, by the process's CPU clock; only costs of programs that
it started itself are in the answer.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

THUMB, DISPLAY = 320, 1600

QUALITY = 80


def photos() -> Iterator[str]:
    for line in sys.stdin:
        yield line.rstrip("\n")


def say(answer: dict) -> None:
    print(json.dumps(answer), flush=True)


def serve(settings: str, render: Callable[[bytes], tuple[bytes, bytes]]) -> None:
    """Answers every photo with what `render` makes of its bytes: `thumb` and `display`."""
    folder = Path(sys.argv[1])
    say({"settings": settings})
    for path in photos():
        try:
            thumb, display = render(Path(path).read_bytes())
        except Exception as error:  # noqa: BLE001 what a library cannot read is a result
            say({"error": str(error).strip().splitlines()[0]})
            continue
        (folder / "thumb.jpg").write_bytes(thumb)
        (folder / "display.jpg").write_bytes(display)
        say({})

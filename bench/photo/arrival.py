"""From the last byte of an upload to the photo in the list: `cargo xtask bench arrival` runs this.

The real program with all that it does, on one core; whoever uploads and asks has another.
"""

import argparse
import contextlib
import hashlib
import json
import os
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import photos
from report import processor

ASK_EVERY_SECONDS = 0.005
GIVE_UP_SECONDS = 60

INTRO = """\
# From an upload to the list

Made by `cargo xtask bench arrival`. `qdn serve` on one core (`taskset`), one photo at a time, {rounds} times each: from the store's
answer, when the photo is on disk, until the API says `ready`, when both renditions are too. Asked every {every} ms, by another
core. The machine is shared: what counts is that a phone's photo is there within a second.

Processor: {processor}.

| photo | MB | best, ms | median, ms | slowest, ms |
|---|---:|---:|---:|---:|
"""


class Caller:
    """The dashboard, as far as it is needed."""

    def __init__(self, ready: dict) -> None:
        self.origin, self.job = ready["api"], ready["sample_job_id"]
        self.headers = {
            "x-api-key": ready["application_key"], "Authorization": f"Bearer {ready['tokens']['staff']}",
            "Content-Type": "application/json",
        }

    def ask(self, path: str, body: dict | None = None) -> dict:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.origin + path, data, self.headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def arrival_ms(self, name: str, photo: bytes) -> float:
        """Uploads a photo, and gives the milliseconds until it is ready."""
        wish = {"job_id": self.job, "photo_name": name, "size": len(photo), "method": "PUT"}
        grant = self.ask("/upload-url", wish)
        request = urllib.request.Request(grant["url"], photo, grant["headers"], method="PUT")
        urllib.request.urlopen(request, timeout=60).close()
        stored = time.perf_counter()
        while (status := self.ask(f"/jobs/{self.job}/photos/{grant['photo_id']}")["status"]) == "processing":
            if time.perf_counter() - stored > GIVE_UP_SECONDS:
                raise TimeoutError(name)
            time.sleep(ASK_EVERY_SECONDS)
        if status != "ready":
            raise ValueError(f"{name} is {status}")
        return (time.perf_counter() - stored) * 1_000


@contextlib.contextmanager
def serving(program: str, core: int, folder: Path) -> Iterator[Caller]:
    """The program on one core."""
    ready = folder / "ready.json"
    command = [
        "taskset", "--cpu-list", str(core), program, "serve", "--data", str(folder / "data"), "--ready-file", str(ready),
        "--listen", "127.0.0.1:0", "--store-listen", "127.0.0.1:0",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("qdn serve was not ready in time")
            time.sleep(0.02)
        yield Caller(json.loads(ready.read_text()))
    finally:
        process.terminate()
        process.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--qdn", required=True, help="the program, built for release")
    parser.add_argument("--work", type=Path, required=True, help="a folder for the photos")
    parser.add_argument("--out", type=Path, required=True, help="the results as Markdown")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()

    made_by = hashlib.sha256((Path(photos.__file__)).read_bytes()).hexdigest()[:12]
    files = photos.make(arguments.work / f"photos-{made_by}")
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:1])
    text = INTRO.format(rounds=arguments.rounds, every=round(ASK_EVERY_SECONDS * 1_000), processor=processor())
    with tempfile.TemporaryDirectory() as folder, serving(arguments.qdn, cores[-1], Path(folder)) as caller:
        for file in files:
            photo = file.read_bytes()
            times = [caller.arrival_ms(file.name, photo) for _ in range(arguments.rounds)]
            text += f"| {file.name} | {len(photo) / 1e6:.1f} | {min(times):.0f} | {statistics.median(times):.0f} | {max(times):.0f} |\n"
    arguments.out.write_text(text)


if __name__ == "__main__":
    main()

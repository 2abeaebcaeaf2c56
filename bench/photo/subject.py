"""A worker process: asked over its pipes, measured from outside."""

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

# The kernel's name for the clock of all of a process's threads: its number, inverted, above these bits (clock_getcpuclockid).
PROCESS_CPU_CLOCK = 2

# Stands in a command for the folder that the worker writes into.
FOLDER = "FOLDER"


@dataclass
class Answer:
    """What one photo cost; `error` where it could not be made."""

    cpu_ms: float
    peak_mb: float
    error: str | None


class Subject:
    """A worker that was started on some of the cores, and writes its renditions into `folder`."""

    def __init__(self, command: list[str], cores: list[int], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        named = [str(folder) if word == FOLDER else word for word in command]
        pinned = ["taskset", "--cpu-list", ",".join(map(str, cores)), *named]
        environment = os.environ | {"VIPS_CONCURRENCY": str(len(cores))}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(pinned, stdin=pipe, stdout=pipe, text=True, bufsize=1, env=environment)
        self.settings = self._read()["settings"]
        self.at_rest_mb = self._peak_mb()

    def ask(self, photo: Path) -> Answer:
        """Has it make both renditions of the photo."""
        for old in self.folder.iterdir():
            old.unlink()
        before = self._cpu_ms()
        self.process.stdin.write(f"{photo}\n")
        answer = self._read()
        own_ms = self._cpu_ms() - before
        peak_mb = max(self._peak_mb(), answer.get("peak_kb", 0) / 1024)
        return Answer(own_ms * ("cpu_ms" not in answer) + answer.get("cpu_ms", 0), peak_mb, answer.get("error"))

    def renditions(self) -> tuple[Path, Path]:
        return self.folder / "thumb.jpg", self.folder / "display.jpg"

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()

    def _read(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args} ended: {self.process.wait()}")
        return json.loads(line)

    def _cpu_ms(self) -> float:
        return time.clock_gettime((~self.process.pid << 3) | PROCESS_CPU_CLOCK) * 1000

    def _peak_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024

"""The real program, on any folder, killed in any way."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.server import READY_SECONDS_MAX, EmbeddedServer, binary, environment


class Program(EmbeddedServer):
    """`qdn serve` whose data may lie on another disk than its log, and which may run under a tool such as strace.

    Used with `with`, it is gone at the end whatever happens, and must not have panicked.
    """

    def __init__(self, folder, *options, data=None, prefix=()):
        # The tests themselves make far more calls than any page would.
        super().__init__(folder, "--requests-per-minute-max", "1000000", *options)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = Path(data) if data else self.data
        self.prefix = list(prefix)

    def start(self):
        ready_file = self.folder / "ready.json"
        ready_file.unlink(missing_ok=True)
        command = [
            *self.prefix, binary(), "serve", "--data", str(self.data), "--ready-file", str(ready_file),
            "--listen", "127.0.0.1:0", "--store-listen", "127.0.0.1:0", *self.options,
        ]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, env=environment()
            )
        until = time.monotonic() + READY_SECONDS_MAX
        while not ready_file.exists():
            if self.process.poll() is not None or time.monotonic() > until:
                self.kill()
                pytest.fail(f"qdn serve was not ready in time; it said: {self.log()[-4000:]}")
            time.sleep(0.01)
        self.ready = json.loads(ready_file.read_text())
        return self

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        self.kill()
        if kind is None:
            assert "panicked" not in self.log(), self.log()[-4000:]

    def kill(self):
        """As the kernel ends a process: at once, with no word to it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def is_running(self):
        return self.process.poll() is None

    def terminate(self):
        """Asks it to stop, and does not wait."""
        self.process.send_signal(signal.SIGTERM)

    def memory_bytes(self, name):
        """One of the fields of proc(5)'s status, such as VmHWM."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise KeyError(name)

    def debris(self, notes=False):
        """What unfinished uploads and deletions have left in the store.

        With `notes` also the store's notes to itself of what the next start shall look at. After a disk error they
        belong there; after a start they do not.
        """
        folders = [self.data / "store" / name for name in ("staging", "trash", "multipart")]
        names = [str(path.relative_to(self.data)) for folder in folders for path in folder.iterdir()]
        return sorted(name for name in names if notes or not name.startswith("store/trash/doubt-"))

    def check_store(self):
        """Compares every file of the store with its checksum and with the index. It must not be running."""
        return self.command("store", "check", "--deep")

    def wait_for_log(self, text, seconds=20):
        """Until the log says so."""
        until = time.monotonic() + seconds
        while text not in self.log():
            assert time.monotonic() < until, f"{text!r} is not in the log: {self.log()[-4000:]}"
            time.sleep(0.05)

    def wait_for_rows(self, table, wanted, seconds=20):
        """The rows of a table, once they are as many as wanted or some time has passed."""
        until = time.monotonic() + seconds
        while (rows := self.table_sizes()[table]) != wanted and time.monotonic() < until:
            time.sleep(0.1)
        return rows

    def tasks(self):
        return [int(name) for name in os.listdir(f"/proc/{self.process.pid}/task")]

"""The real program, started on a data folder of its own."""

import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

READY_SECONDS_MAX = 30
STOP_SECONDS_MAX = 20


def binary():
    """The program under test."""
    path = os.environ.get("QDN_BIN")
    if not path:
        pytest.fail("QDN_BIN must name the qdn program, for instance target/debug/qdn")
    if not os.access(path, os.X_OK):
        pytest.fail(f"QDN_BIN names no program: {path}")
    return path


def environment():
    """Ours, without the settings that would change the program's or an S3 client's behaviour."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("QDN_", "AWS_"))}
    return kept | {"RUST_BACKTRACE": "1"}


class EmbeddedServer:
    """`qdn serve`, its addresses, keys and tokens, and the other commands on its data folder."""

    def __init__(self, folder, *options):
        self.folder = Path(folder)
        self.data = self.folder / "data"
        self.log_path = self.folder / "log"
        self.options = options
        self.process = None
        self.ready = {}

    def start(self):
        ready_file = self.folder / "ready.json"
        ready_file.unlink(missing_ok=True)
        command = [
            binary(), "serve", "--data", str(self.data), "--ready-file", str(ready_file),
            "--listen", "127.0.0.1:0", "--store-listen", "127.0.0.1:0", *self.options,
        ]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, env=environment()
            )
        until = time.monotonic() + READY_SECONDS_MAX
        while not ready_file.exists():
            if self.process.poll() is not None or time.monotonic() > until:
                self.process.kill()
                pytest.fail(f"qdn serve was not ready in time; it said: {self.log()[-4000:]}")
            time.sleep(0.02)
        self.ready = json.loads(ready_file.read_text())
        return self

    def stop(self):
        """Ends it as a service manager does, and gives its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            pytest.fail("qdn serve did not end when it was told to")

    def log(self):
        return self.log_path.read_text(errors="replace")

    def command(self, *arguments, prefix=()):
        """Runs another command of the program on the same data folder, and gives what it printed."""
        done = subprocess.run(
            [*prefix, binary(), *arguments, "--data", str(self.data)],
            capture_output=True, encoding="utf-8", timeout=60, env=environment(),
        )
        assert done.returncode == 0, f"qdn {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def add_key(self, name, *options):
        """A new application key."""
        return self.command("key", "add", name, *options).strip()

    def revoke_key(self, name):
        """Takes back the one application key of this name."""
        (line,) = [line for line in self.command("key", "list").splitlines() if line.endswith(f" {name}")]
        self.command("key", "revoke", line.split()[0])

    def listed_keys(self):
        """What the list of applications says."""
        return self.command("key", "list")

    def revoke_link(self, link_id):
        """Takes back a link."""
        self.command("link", "revoke", link_id)

    def database_bytes(self):
        """All that the database keeps."""
        return b"".join(path.read_bytes() for path in self.data.glob("qdn.sqlite*"))

    def add_link(self, role, *options, age=None):
        """A new link's token and id; `age` makes it that old already, such as `10d`."""
        prefix = ()
        if age:
            if not shutil.which("faketime"):
                pytest.fail("faketime is missing: apt-get install faketime")
            prefix = ("faketime", "-f", f"-{age}")
        said = self.command("link", role, *options, prefix=prefix)
        return re.search(r"#t=([^&\s]+)", said)[1], re.search(r"link revoke (\w+)", said)[1]

    @property
    def process_folder(self):
        """What the kernel tells of the process."""
        return Path(f"/proc/{self.process.pid}")

    @property
    def api(self):
        return self.ready["api"]

    @property
    def store(self):
        return self.ready["store"]

    @property
    def bucket(self):
        return self.ready["bucket"]

    @property
    def application_key(self):
        return self.ready["application_key"]

    @property
    def tokens(self):
        return self.ready["tokens"]

    def wait_for_renditions(self):
        """Until the processor has nothing to do, so that no file comes or goes by itself."""
        # Time for the news of a photo that was stored just now to reach the queue.
        time.sleep(0.1)
        deadline = time.monotonic() + 60
        with contextlib.closing(self.database()) as db:
            waiting = "SELECT count(*) FROM photos WHERE process_after IS NOT NULL"
            while db.execute(waiting).fetchone()[0]:
                assert time.monotonic() < deadline, "photos wait for the processor for too long"
                time.sleep(0.02)

    def database(self):
        """The database as it stands in its file, to be read only."""
        return sqlite3.connect(f"file:{self.data / 'qdn.sqlite'}?mode=ro", uri=True)

    def staged_files(self):
        """What lies in the store's folder of unfinished uploads."""
        self.wait_for_renditions()
        return sorted(path.name for path in (self.data / "store" / "staging").iterdir())

    def object_files(self):
        """The files of all objects of all buckets."""
        self.wait_for_renditions()
        found = []
        for folder, _, names in os.walk(self.data / "store" / "buckets"):
            found += [os.path.join(folder, name) for name in names if name != "bucket.json"]
        return sorted(found)

    def table_sizes(self):
        """Rows in every table of the database. The API tells no caller of grants that were never used."""
        with contextlib.closing(self.database()) as db:
            names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}

    def census(self):
        """Everything that is stored, to be compared before and after."""
        deadline = time.monotonic() + 5
        while self.staged_files() and time.monotonic() < deadline:
            time.sleep(0.02)
        return {"staged": self.staged_files(), "objects": self.object_files(), "rows": self.table_sizes()}

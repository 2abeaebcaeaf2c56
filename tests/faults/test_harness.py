"""The checks themselves: each kind of damage, done by hand, is found."""

import contextlib
import os
import sqlite3

from rig.checks import findings, kinds_of, object_path
from rig.disks import Disk
from rig.office import Office


def a_job_with_photos(program, witness):
    with Office(program) as office:
        job_id = witness.new_job(office)
        witness.new_token(office, job_id)
    photos = witness.upload_some(program, job_id, 6, 20_000)
    assert findings(program, witness) == []
    return photos


def test_a_missing_file_and_a_flipped_bit_and_debris_are_found(program, witness):
    photos = a_job_with_photos(program, witness)
    path = object_path(program, photos[0])
    flipped = bytearray(path.read_bytes())
    flipped[10_000] ^= 1
    path.write_bytes(flipped)
    assert kinds_of(findings(program, witness)) <= {"corrupt", "unreadable"} != set()
    flipped[10_000] ^= 1
    path.write_bytes(flipped)
    assert findings(program, witness) == []

    (program.data / "store" / "staging" / "leftover").write_bytes(b"x")
    assert kinds_of(findings(program, witness)) == {"debris"}
    (program.data / "store" / "staging" / "leftover").unlink()

    program.kill()
    object_path(program, photos[1]).unlink()
    (program.data / "store" / "index.sqlite").unlink()
    program.start()
    assert kinds_of(findings(program, witness)) == {"lost"}


def test_a_photo_missing_from_the_index_is_found(program, witness):
    photos = a_job_with_photos(program, witness)
    # Behind the back of a store that runs: at a start it would find the file.
    with contextlib.closing(sqlite3.connect(program.data / "store" / "index.sqlite")) as index:
        key = photos[2].grant["key"].encode()
        assert index.execute("DELETE FROM objects WHERE key = ?", (key,)).rowcount == 1
        index.commit()
    assert kinds_of(findings(program, witness)) == {"unlisted"}


def test_a_database_that_forgot_is_found(program, witness):
    a_job_with_photos(program, witness)
    assert program.stop() == 0
    old = {name: (program.data / name).read_bytes() for name in os.listdir(program.data) if name.startswith("qdn.")}
    program.start()
    with Office(program) as office:
        witness.new_token(office, witness.new_job(office))
    program.kill()
    for path in program.data.glob("qdn.sqlite*"):
        path.unlink()
    for name, content in old.items():
        (program.data / name).write_bytes(content)
    program.start()
    assert {"job lost", "customer lost", "link lost"} <= kinds_of(findings(program, witness))


def test_a_power_cut_takes_what_was_not_synced_and_keeps_what_was(tmp_path):
    with Disk(tmp_path, "ext4") as disk:
        for name, synced in (("kept", True), ("lost", False)):
            with (disk.path / name).open("wb") as file:
                file.write(b"x" * 10_000)
                if synced:
                    file.flush()
                    os.fsync(file.fileno())
        disk.cut_power()
        disk.unmount()
        disk.mount()
        assert (disk.path / "kept").read_bytes() == b"x" * 10_000
        lost = disk.path / "lost"
        assert not lost.exists() or lost.read_bytes() != b"x" * 10_000

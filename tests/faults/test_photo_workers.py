"""A photo worker that dies, hangs or asks for too much takes one photo with it, and only for a while."""

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest
from rig.program import Program
from support import caller as callers
from support.caller import photo_bytes

LARGE = Path(__file__).parents[2] / "crates" / "photo" / "fixtures" / "files" / "large-progressive.jpg"


def workers(program):
    """The processes that the server has started."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                # The name may hold blanks and brackets; what follows does not (proc(5)).
                state, parent = (folder / "stat").read_text().rpartition(") ")[2].split()[:2]
                if int(parent) == program.process.pid and state != "Z":
                    found.append(int(folder.name))
    return found


def signal_workers(program, number):
    """Sends a signal to each worker that is still there, and gives their ids."""
    signalled = set()
    for worker in workers(program):
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, number)
            signalled.add(worker)
    return signalled


def wait_for(true, seconds=30):
    until = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.001)
    return found


@pytest.fixture
def single(tmp_path):
    """A server with one photo worker, which is soon held to be late."""
    with Program(tmp_path / "qdn", "--photo-workers", "1", "--photo-seconds-max", "2") as running:
        yield running


@pytest.fixture
def warm(single):
    """The server, somebody of its staff, a job, and the process that has just looked at the job's first photo."""
    staff = callers.staff(single)
    job_id = staff.new_job()
    staff.upload(job_id, "first.jpg")
    assert [photo["status"] for photo in staff.settled(job_id)] == ["ready"]
    (worker,) = workers(single)
    return single, staff, job_id, worker


def test_a_worker_is_confined_and_dies_with_its_server(warm):
    program, staff, job_id, worker = warm
    limits = Path(f"/proc/{worker}/limits").read_text().splitlines()
    found = {line[:26].strip(): line[26:].split()[:2] for line in limits}
    assert found["Max core file size"] == found["Max file size"] == ["0", "0"]
    assert int(found["Max address space"][1]) < 2 << 30
    environment = Path(f"/proc/{worker}/environ").read_bytes().split(b"\0")
    assert [name.partition(b"=")[0] for name in environment] == [
        b"MALLOC_MMAP_THRESHOLD_", b"MALLOC_TRIM_THRESHOLD_", b"",
    ]
    assert sorted(os.listdir(f"/proc/{worker}/fd")) == ["0", "1", "2"]
    # Where memory is short the kernel takes the worker, not the server.
    assert Path(f"/proc/{worker}/oom_score_adj").read_text() == "1000\n"
    assert b"photo-worker" in Path(f"/proc/{worker}/cmdline").read_bytes()

    staff.upload(job_id, "second.jpg")
    staff.settled(job_id)
    assert workers(program) == [worker], "a worker is kept warm"
    program.kill()
    wait_for(lambda: not Path(f"/proc/{worker}").exists())


def test_a_worker_that_was_killed_while_it_had_nothing_to_do_costs_no_photo_anything(warm):
    program, staff, job_id, worker = warm
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: worker not in workers(program))
    staff.upload(job_id, "second.jpg")
    assert [photo["status"] for photo in staff.settled(job_id)] == ["ready"] * 2
    assert workers(program) != [worker]
    assert "was not processed" not in program.log()


def test_a_worker_that_hangs_is_replaced(warm):
    program, staff, job_id, worker = warm
    os.kill(worker, signal.SIGSTOP)
    staff.upload(job_id, "second.jpg")
    assert [photo["status"] for photo in staff.settled(job_id)] == ["ready"] * 2
    assert "the photo worker took longer than 2 s" in program.log()
    assert not Path(f"/proc/{worker}").exists()


def test_a_worker_that_somebody_kills_at_work_is_told_from_one_that_dies_of_its_photo(warm):
    program, staff, job_id, _ = warm
    staff.upload(job_id, "second.jpg", LARGE.read_bytes())
    until = time.monotonic() + 60
    while "the photo worker was killed" not in program.log():
        assert time.monotonic() < until, "no worker was killed at work"
        signal_workers(program, signal.SIGKILL)
    assert [photo["status"] for photo in staff.settled(job_id)] == ["ready"] * 2
    assert "the photo worker died" not in program.log()


def test_a_photo_that_costs_three_workers_their_lives_is_rejected_and_kept(warm):
    program, staff, job_id, _ = warm
    grant = staff.upload(job_id, "deadly.jpg", LARGE.read_bytes())
    rejected, killed = None, set()
    while rejected is None:
        # Only while it is at work: the others' turn comes between.
        killed |= signal_workers(program, signal.SIGABRT)
        (photo,) = [photo for photo in staff.photos(job_id) if photo["photo_id"] == grant["photo_id"]]
        rejected = photo["rejection"]
    assert (rejected, photo["status"], photo["thumb_url"]) == ("decoder_died", "rejected", None)
    assert 3 <= len(killed) <= 5
    assert "the photo worker died" in program.log()

    staff.upload(job_id, "third.jpg")
    states = {photo["name"]: photo["status"] for photo in staff.settled(job_id)}
    assert states == {"first.jpg": "ready", "deadly.jpg": "rejected", "third.jpg": "ready"}
    # What is to blame may have been the machine: staff may have it tried again.
    said = program.command("process", "--job", job_id, "--again")
    assert said == "3 photos are ready, 0 cannot be shown\n"


def test_a_photo_that_takes_the_whole_server_with_it_again_and_again_is_rejected(program):
    staff = callers.staff(program)
    job_id = staff.new_job()

    def state():
        (photo,) = staff.photos(job_id)
        return photo["status"], photo["rejection"]

    # Whoever queued it died of it: the first worker of each server is started for this photo.
    staff.upload(job_id, "deadly.jpg", LARGE.read_bytes())
    for kills in range(20):
        if wait_for(lambda: workers(program) or state()[0] == "rejected") is True:
            break
        program.kill()
        program.start()
        staff = callers.staff(program)
    assert (state(), kills) == (("rejected", "decoder_died"), 9)
    assert program.command("process", "--job", job_id, "--again") == "1 photos are ready, 0 cannot be shown\n"


def has_read(worker):
    """Bytes that a process has read; none once it is gone."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{worker}/io").read_text().split("rchar: ")[1].split()[0])
    return 0


def test_photos_beside_one_that_takes_the_server_with_it_are_not_blamed_for_it(tmp_path):
    size = 30_000_000
    with Program(tmp_path / "qdn", "--photo-workers", "0") as program:
        staff = callers.staff(program)
        job_id = staff.new_job()
        # It can be told by how much its worker has read.
        staff.upload(job_id, "deadly.jpg", LARGE.read_bytes() + bytes(size))
        for number in range(5):
            staff.upload(job_id, f"{number}.jpg", LARGE.read_bytes())
    with Program(tmp_path / "qdn", "--photo-workers", "6") as program:

        def states():
            return {photo["name"]: photo["status"] for photo in callers.staff(program).photos(job_id)}

        def is_at_work():
            return any(has_read(worker) > size // 3 for worker in workers(program))

        while states()["deadly.jpg"] == "processing":
            until = time.monotonic() + 2
            while not is_at_work() and time.monotonic() < until:
                time.sleep(0.001)
            if is_at_work():
                program.kill()
                program.start()
        wait_for(lambda: "processing" not in states().values(), 90)
        assert states() == {"deadly.jpg": "rejected"} | {f"{number}.jpg": "ready" for number in range(5)}


def test_the_originals_that_wait_for_their_turn_are_within_the_budget(tmp_path):
    size = 20_000_000
    with Program(tmp_path / "qdn", "--photo-workers", "6", "--photo-memory-mib", "64") as program:
        staff = callers.staff(program)
        job_id = staff.new_job()
        for number in range(6):
            staff.upload(job_id, f"{number}.jpg", photo_bytes(number, size))
        staff.settled(job_id)
        Path(f"/proc/{program.process.pid}/clear_refs").write_text("5")
        before = program.memory_bytes("VmHWM")
        assert program.command("process", "--job", job_id, "--again") == "6 photos are ready, 0 cannot be shown\n"
        # One at a time: they would be 120 MB together.
        assert program.memory_bytes("VmHWM") - before < 3 * size


def test_photos_of_a_server_that_is_killed_again_and_again_all_become_ready(program, chance):
    staff = callers.staff(program)
    job_id = staff.new_job()
    for number in range(40):
        staff.upload(job_id, f"{number}.jpg", LARGE.read_bytes() if number % 4 == 0 else photo_bytes(number))
    for _ in range(5):
        time.sleep(chance.uniform(0.02, 0.3))
        program.kill()
        program.start()
    photos = callers.staff(program).settled(job_id)
    assert [photo["status"] for photo in photos] == ["ready"] * 40
    program.wait_for_renditions()
    # One original and two renditions of each, and nothing that nobody asks for.
    assert len(program.object_files()) == 3 * 40

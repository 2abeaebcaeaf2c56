"""An index of the store that opens and reads, and lacks what was acknowledged; and entries that nobody expects among
the store's files. Nothing of it may hide a photo, or keep the others from being served."""

import shutil

import pytest
from rig.machine import need
from rig.program import Program
from rig.witness import Office, findings, object_path

# Six photos change the index a few times: each of these lies in another frame of its write-ahead log, or in its header.
PLACES = (5, 40, 4200, 8400, 16600, -5000, -1)


@pytest.fixture
def program(tmp_path):
    """A server without photo workers: one that is being started while the server is killed has the data folder's lock
    for a moment."""
    with Program(tmp_path / "qdn", "--photo-workers", "0") as running:
        yield running


@pytest.fixture
def six(program, witness):
    """Six photos of one job, and a server that was killed."""
    with Office(program) as office:
        job_id = witness.new_job(office)
    photos = witness.upload_some(program, job_id, 6, size=4_000)
    program.kill()
    return photos


def log_path(program):
    return program.data / "store" / "index.sqlite-wal"


def assert_said(program, *words):
    log = program.log()
    missing = [word for word in words if word not in log]
    assert not missing, f"the log says nothing of {missing}: {log[-2000:]}"


def keep(folder, aside):
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(folder, aside, symlinks=True)


def test_a_flipped_byte_of_the_index_log_after_a_kill_hides_no_photo(program, witness, six, tmp_path):
    aside = tmp_path / "killed"
    keep(program.data / "store", aside)
    said = 0
    for place in PLACES:
        shutil.rmtree(program.data / "store")
        shutil.copytree(aside, program.data / "store", symlinks=True)
        log = bytearray(log_path(program).read_bytes())
        log[place] ^= 1
        log_path(program).write_bytes(log)
        program.log_path.write_text("")
        program.start()
        found = findings(program, witness)
        program.kill()
        assert not found, f"byte {place} flipped: {found}"
        said += "index differed from the object files after an unclean stop" in program.log()
    assert said >= len(PLACES) - 2, f"only {said} of {len(PLACES)} starts said that they repaired the index"


def test_a_backup_without_the_index_log_hides_no_photo(program, witness, six):
    log_path(program).unlink()
    program.start()
    assert findings(program, witness) == []
    assert_said(program, "index differed from the object files after an unclean stop", "added")
    assert program.stop() == 0
    program.check_store()
    program.log_path.write_text("")
    program.start()
    assert findings(program, witness) == []
    assert "unclean" not in program.log(), program.log()


def test_a_photo_whose_file_is_gone_is_named(program, witness, six):
    object_path(program, six[0]).unlink()
    program.start()
    assert_said(program, "object lost", six[0].grant["key"])
    with Office(program) as office:
        listed = office.listed(six[0].job_id)
    missing = {photo_id for photo_id, photo in listed.items() if photo["status"] == "missing"}
    assert (missing, len(listed)) == ({six[0].photo_id}, 6)


@pytest.mark.parametrize("is_built", [False, True], ids=["as-it-was", "built-anew"])
def test_what_a_file_manager_or_a_nas_leaves_in_the_store_stops_nothing(program, witness, six, is_built):
    store = program.data / "store"
    strange = [store / "multipart" / ".DS_Store", store / "buckets" / ".DS_Store"]
    for path in strange:
        path.write_text("not ours")
    shard = object_path(program, six[0]).parent
    for folder in (shard, store / "trash", store / "buckets"):
        strange.append(folder / "@eaDir")
        strange[-1].mkdir()
        (strange[-1] / "SynoEAStream").write_text("not ours")
    if is_built:
        (store / "index.sqlite").unlink()
        log_path(program).unlink()
    program.start()
    assert findings(program, witness, notes=False) == [f"debris: store/{path.relative_to(store)}" for path in
                                                       sorted((strange[0], strange[3]))]
    assert_said(program, *map(str, strange))
    assert program.stop() == 0
    said = program.check_store()
    assert all(str(path) in said for path in strange), said
    program.command("store", "check", "--repair")
    assert all(path.exists() for path in strange), "whatever is not ours is left alone"


def test_one_photo_that_answers_eio_does_not_stop_the_index_from_being_built(program, witness, six, tmp_path):
    need("strace")
    path = object_path(program, six[0])
    (program.data / "store" / "index.rebuild-wanted").touch()
    failing = [
        "strace", "-D", "-f", "-o", "/dev/null", "-P", str(path),
        "-e", "trace=pread64,read", "-e", "inject=pread64,read:error=EIO",
    ]
    with Program(program.folder, "--photo-workers", "0", data=program.data, prefix=failing) as started:
        with Office(started) as office:
            listed = office.listed(six[0].job_id)
        assert listed.keys() == {photo.photo_id for photo in six}, "what the old index knew stays listed"
        assert_said(started, "failed to read an object", str(path))
        assert started.stop() == 0
    program.start()
    assert findings(program, witness) == []
    assert program.stop() == 0
    program.check_store()

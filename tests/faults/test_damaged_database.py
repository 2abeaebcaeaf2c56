"""A database that still opens and has lost something: nobody sees what may have been hidden, and the operator is told."""

import shutil
import subprocess
import time

import pytest
from rig.program import Program
from rig.witness import Office
from support.server import binary, environment


def customers_photos(program, job_id, token):
    with Office(program, token) as customer:
        return customer.listed(job_id)


def job_with_customer(office, witness):
    job_id = witness.new_job(office)
    link = office.good("POST", f"/jobs/{job_id}/links", {"role": "customer"})
    return job_id, link["token"]


def hide(office, photo):
    assert office.call("PATCH", f"/jobs/{photo.job_id}/photos/{photo.photo_id}", {"hidden": True})[0] == 204


def copy_database(source, target):
    for path in target.glob("qdn.sqlite*"):
        path.unlink()
    for path in source.glob("qdn.sqlite*"):
        shutil.copy2(path, target / path.name)


def metric(office, name):
    status, text = office.wire.ask("GET", "/metrics", None, office.headers)
    assert status == 200, text
    (line,) = [line for line in text.decode().splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[1])


def wait_for_metric(office, name, value):
    until = time.monotonic() + 20
    while metric(office, name) != value:
        assert time.monotonic() < until, f"{name} is {metric(office, name)}, not {value}"
        time.sleep(0.1)


def refusal_to_start(program, *options):
    """What a start says that ends by itself."""
    command = [binary(), "serve", "--data", str(program.data), "--listen", "127.0.0.1:0", "--store-listen", "127.0.0.1:0"]
    done = subprocess.run(
        [*command, *options], capture_output=True, encoding="utf-8", timeout=30, env=environment(), check=False
    )
    assert done.returncode != 0
    return done.stderr


def test_photos_younger_than_a_restored_database_are_hidden_from_customers_and_an_alarm(program, witness, tmp_path):
    with Office(program) as office:
        job_id, customer = job_with_customer(office, witness)
        (old,) = witness.upload_some(program, job_id, 1, 300)
    assert program.stop() == 0
    backup = tmp_path / "backup"
    backup.mkdir()
    copy_database(program.data, backup)
    program.start()
    with Office(program) as office:
        young = witness.upload_some(program, job_id, 3, 300)
        hide(office, young[0])
        assert len(office.listed(job_id)) == 4
    assert program.stop() == 0
    copy_database(backup, program.data)

    program.start()
    # As the first to look, before and after anybody has listed them.
    for _ in range(3):
        assert not customers_photos(program, job_id, customer).keys() & {photo.photo_id for photo in young}
        with Office(program) as office:
            listed = office.listed(job_id)
        assert [listed[photo.photo_id]["hidden"] for photo in young] == [True] * 3
        assert listed[old.photo_id]["hidden"] is False
    program.wait_for_log("objects have no record")
    assert "newest_record_at_start" in program.log()
    with Office(program) as office:
        # Staff say which of them customers may see.
        shown = young[1]
        path = f"/jobs/{job_id}/photos/{shown.photo_id}"
        assert office.call("PATCH", path, {"hidden": False})[0] == 204
        assert office.listed(job_id)[shown.photo_id]["hidden"] is False


def test_objects_without_records_are_counted(program, witness, tmp_path):
    with Office(program) as office:
        job_id = witness.new_job(office)
    assert program.stop() == 0
    copy_database(program.data, tmp_path)
    program.start()
    witness.upload_some(program, job_id, 5, 300)
    assert program.stop() == 0
    copy_database(tmp_path, program.data)
    program.start()
    with Office(program) as office:
        wait_for_metric(office, "qdn_photos_unrecorded", 5)


@pytest.mark.parametrize("damage", ["flipped", "missing"])
def test_a_damaged_or_missing_log_of_the_database_is_an_alarm(program, witness, damage):
    with Office(program) as office:
        for _ in range(6):
            witness.new_job(office)
    program.kill()
    log = program.data / "qdn.sqlite-wal"
    if damage == "missing":
        log.unlink()
    else:
        written = bytearray(log.read_bytes())
        written[32 + 24 + 4_096 + 24 + 100] ^= 1
        log.write_bytes(written)
    said = len(program.log())
    program.start()
    assert "changes of the database are lost" in program.log()[said:]
    with Office(program) as office:
        assert metric(office, "qdn_photos_database_log_damaged") == 1


def test_a_kill_and_a_stop_are_no_alarm(program, witness):
    with Office(program) as office:
        job_id = witness.new_job(office)
        witness.upload_some(program, job_id, 3, 300)
    for end in (program.kill, program.stop, program.stop):
        end()
        program.command("job", "list")
        program.start()
    with Office(program) as office:
        wait_for_metric(office, "qdn_photos_missing", 0)
        assert metric(office, "qdn_photos_unrecorded") == 0
        assert metric(office, "qdn_photos_database_log_damaged") == 0
    for alarm in ("are lost", "no record", "are missing"):
        assert alarm not in program.log()


def test_a_database_of_zero_bytes_is_refused_like_a_missing_one(program, witness):
    with Office(program) as office:
        witness.new_job(office)
    assert program.stop() == 0
    (program.data / "qdn.sqlite-wal").unlink()
    (program.data / "qdn.sqlite").write_bytes(b"")
    assert "holds photos but no database" in refusal_to_start(program)
    (program.data / "qdn.sqlite").unlink()
    assert "holds photos but no database" in refusal_to_start(program)


@pytest.mark.parametrize("how", ["missing", "empty"])
def test_a_store_that_is_not_there_is_refused_while_the_database_knows_photos(program, witness, how):
    with Office(program) as office:
        job_id, customer = job_with_customer(office, witness)
        photos = witness.upload_some(program, job_id, 3, 300)
        assert len(office.listed(job_id)) == 3
    assert program.stop() == 0
    store = program.data / "store"
    store.rename(program.data / "elsewhere")
    if how == "empty":
        # As a mount point looks while its disk is not mounted.
        store.mkdir()
    said = refusal_to_start(program)
    assert "mount its disk or restore it from a backup" in said
    assert list(store.iterdir() if store.exists() else []) == [], "nothing is made in its place"

    program.options = (*program.options, "--new-store")
    program.start()
    with Office(program) as office:
        listed = office.listed(job_id)
        assert [listed[photo.photo_id]["status"] for photo in photos] == ["missing"] * 3
        wait_for_metric(office, "qdn_photos_missing", 3)
    assert "photos are missing" in program.log()
    assert customers_photos(program, job_id, customer) == {}

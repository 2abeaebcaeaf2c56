"""A disk that reports errors: no promise is made that cannot be kept, and the server lives on."""

import pytest
from rig.tracing import SYNCS, Injected
from rig.witness import Office, Wire, findings, send_again
from support.caller import wait_until


def upload_all(program, witness, photos):
    """Sends each photo once and gives the statuses."""
    with Wire(program.store) as wire:
        return [witness.upload(wire, photo)[0] for photo in photos]


def wait_until_ready(program):
    """A disk that failed is tried again every second."""
    with Office(program) as office:
        wait_until(lambda: office.call("GET", "/readyz")[0] == 200)


def assert_refused_are_not_listed(program, photos):
    with Office(program) as office:
        listed = office.listed(photos[0].job_id)
    there = [photo.photo_id for photo in photos if photo.refused and photo.photo_id in listed]
    assert not there, f"answered with an error, and listed: {there}"


def test_an_upload_whose_sync_fails_is_refused_and_not_listed(program, witness):
    with Office(program) as office:
        job_id = witness.new_job(office)
        before = witness.upload_some(program, job_id, 5)
        photos = witness.grants(office, job_id, 8)
    with Injected(program, SYNCS, "error=EIO") as fault:
        statuses = upload_all(program, witness, photos)
        assert set(statuses) == {500}, statuses
        with Office(program) as office:
            assert before[0].photo_id in office.listed(job_id), "what was there before is readable all the while"
    assert fault.count() >= len(photos)
    assert program.is_running()
    assert_refused_are_not_listed(program, photos)
    assert findings(program, witness, notes=False) == []
    # The disk is well again: so is the store, without a restart.
    wait_until_ready(program)
    assert send_again(program, witness, job_id, len(photos)) == len(photos)
    assert findings(program, witness, notes=False) == []


# Not write: the program's threads wake each other by it, which no disk can disturb. A disk that refuses to be written
# to is in test_full_disk.
@pytest.mark.parametrize("calls", [SYNCS, "link,linkat", "pwrite64", "openat"])
def test_a_single_error_at_any_step_is_all_or_nothing(program, witness, calls):
    failed = 0
    for when in range(1, 7):
        with Office(program) as office:
            job_id = witness.new_job(office)
            photos = witness.grants(office, job_id, 6)
        with Injected(program, calls, "error=EIO", when):
            statuses = upload_all(program, witness, photos)
        wait_until_ready(program)
        assert set(statuses) <= {201, 500, 503}, statuses
        failed += sum(status != 201 for status in statuses)
        assert program.is_running()
        assert_refused_are_not_listed(program, photos)
        assert findings(program, witness, jobs=[job_id], notes=False) == []
        send_again(program, witness, job_id, len(photos))
        assert findings(program, witness, jobs=[job_id], notes=False) == []
    assert failed > 0, "no error was ever met"
    program.kill()
    program.start()
    assert findings(program, witness) == []
    assert program.stop() == 0
    program.check_store()


def test_after_an_io_error_of_a_commit_the_database_refuses_writes_until_its_disk_answers(program, witness):
    with Office(program) as office:
        job_id = witness.new_job(office)
        witness.upload_some(program, job_id, 2)
        with Injected(program, SYNCS, "error=EIO"):
            for _ in range(5):
                status, answer = office.call("POST", "/customers", {"name": "Nobody"})
                assert (status, answer["code"]) == (503, "database_unavailable"), answer
            assert office.call("GET", "/readyz")[0] == 503
            assert office.call("GET", f"/jobs/{job_id}")[0] in (200, 503)
        # One line, and not one for each write.
        assert program.log().count("failed to use the database") == 1
        wait_until_ready(program)
        witness.new_job(office)
        assert program.log().count("the database's disk answers again") == 1
        names = [customer["name"] for customer in office.good("GET", "/customers?limit=200")["customers"]]
        assert "Nobody" not in names, "what was refused came back"
    assert "malformed" not in program.log()
    assert findings(program, witness, notes=False) == []
    program.kill()
    program.start()
    assert findings(program, witness) == []

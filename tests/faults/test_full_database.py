"""A disk that fills up: by grants of one link, which has its limit, or by other programs to the last byte, where deleting,
revoking, signing in and starting still work."""

import contextlib
import sqlite3

from rig.disks import Tmpfs
from rig.program import Program
from rig.witness import Office, findings
from test_full_disk import MIB, fill_to_the_last_byte

OPEN_UPLOADS_MAX = 2_000


def ask_for_grants(office, job_id, count=100):
    """Asks for uploads with the longest captions that are allowed."""
    photos = [{"photo_name": "image.jpg", "caption": "x" * 2_000}] * count
    return office.call("POST", "/upload-url", {"job_id": job_id, "photos": photos})


def test_a_link_that_only_asks_is_stopped_long_before_the_disk_is_full(tmp_path, witness):
    with (
        Tmpfs(tmp_path / "small", 48 * MIB) as disk,
        Program(tmp_path / "qdn", data=disk.path / "data") as program,
    ):
        with Office(program) as office:
            job_id = witness.new_job(office)
            link = office.good("POST", f"/jobs/{job_id}/links", {"role": "crew"})
            witness.upload_some(program, job_id, 3, 100_000)
            with Office(program, link["token"]) as crew:
                granted = 0
                for _ in range(200):
                    status, answer = ask_for_grants(crew, job_id)
                    if status != 200:
                        break
                    granted += 100
                assert (status, answer["code"]) == (429, "too_many_open_uploads"), answer
                assert granted == OPEN_UPLOADS_MAX
                # It may do everything else, and so may everybody.
                assert crew.call("GET", f"/list_photos?job_id={job_id}")[0] == 200
            assert ask_for_grants(office, job_id, 1)[0] == 200
            assert disk.free_bytes() > 24 * MIB
            witness.upload_some(program, job_id, 2, 100_000)
        assert findings(program, witness) == []


def test_uploads_that_were_sent_are_open_no_more(tmp_path, witness):
    options = ["--open-uploads-max", "100"]
    with Program(tmp_path / "qdn", *options) as program, Office(program) as office:
        job_id = witness.new_job(office)
        for sent in range(5):
            assert len(office.listed(job_id)) == 60 * sent
            witness.upload_some(program, job_id, 60, 300)
        assert findings(program, witness) == []


def assert_what_must_work_works(program, witness, job_id, filler):
    """On a disk without a free byte."""
    with Office(program) as office:
        photo = next(photo for photo in witness.of_job(job_id) if photo.must_be_listed())
        status, answer = witness.delete(office, photo)
        assert photo.deleted, f"{status} {answer}"
        sample = program.ready["sample_job_id"]
        status, link = office.call("POST", f"/jobs/{sample}/links", {"role": "crew"})
        assert status == 201, link
        with Office(program, link["token"]) as crew:
            assert crew.call("POST", "/session")[0] in (200, 201, 204)
            assert crew.call("GET", f"/list_photos?job_id={sample}")[0] == 200
            assert office.call("DELETE", f"/links/{link['link_id']}")[0] == 204
            assert crew.call("GET", f"/list_photos?job_id={sample}")[0] == 401
        # What was given up for that is taken by others: nothing new comes in, and all that is there can be read.
        fill_to_the_last_byte(filler)
        status, answer = ask_for_grants(office, job_id, 1)
        assert (status, answer["code"]) == (507, "storage_full")
        assert office.call("GET", "/readyz")[0] == 200
    assert findings(program, witness) == []


def test_deleting_revoking_signing_in_and_starting_work_without_a_free_byte(tmp_path, witness):
    with (
        Tmpfs(tmp_path / "small", 16 * MIB) as disk,
        Program(tmp_path / "qdn", data=disk.path / "data") as program,
    ):
        with Office(program) as office:
            job_id = witness.new_job(office)
            witness.new_token(office, job_id)
        witness.upload_some(program, job_id, 8, 100_000)
        filler = disk.path / "filler"
        fill_to_the_last_byte(filler)
        assert disk.free_bytes() == 0
        assert_what_must_work_works(program, witness, job_id, filler)

        # Both ways to stop, and a start where the first one has found the disk full.
        for end in (program.kill, program.stop):
            filler.unlink()
            assert_reserves_are_filled(program, disk, witness, job_id)
            fill_to_the_last_byte(filler)
            end()
            fill_to_the_last_byte(filler)
            assert disk.free_bytes() == 0
            program.start()
            assert_what_must_work_works(program, witness, job_id, filler)
        program.command("link", "staff")

        filler.unlink()
        witness.upload_some(program, job_id, 3, 100_000)
        assert findings(program, witness) == []
        assert program.stop() == 0
        program.check_store()
    assert "malformed" not in program.log()


def assert_reserves_are_filled(program, disk, witness, job_id):
    """The next upload finds room, and sets some aside again."""
    witness.upload_some(program, job_id, 1, 10_000)
    for path in (program.data / "qdn.reserve", program.data / "store" / "reserve"):
        assert path.stat().st_blocks * 512 >= 512 << 10, path
    assert disk.free_bytes() > 0


HOUR_MS = 3_600_000


def test_grants_that_were_never_used_are_pruned_a_day_after_they_expire(tmp_path, witness):
    with Program(tmp_path / "qdn") as program:
        with Office(program) as office:
            job_id = witness.new_job(office)
            (sent,) = witness.upload_some(program, job_id, 1, 300)
            assert sent.photo_id in office.listed(job_id)
            assert ask_for_grants(office, job_id, 30)[0] == 200
        assert program.stop() == 0
        with contextlib.closing(sqlite3.connect(program.data / "qdn.sqlite")) as db:
            # Granted longer ago; one of them is stored, as far as the bucket knows, and the database was not told.
            db.execute("UPDATE photos SET granted_at = granted_at - ?", [24 * HOUR_MS])
            db.execute("UPDATE photos SET stored_at = NULL WHERE photo_id = ?", [sent.photo_id])
            db.commit()
        program.start()
        assert program.wait_for_rows("photos", 1, seconds=2) == 31, "not yet a day"
        assert program.stop() == 0
        with contextlib.closing(sqlite3.connect(program.data / "qdn.sqlite")) as db:
            db.execute("UPDATE photos SET granted_at = granted_at - ?, stored_at = NULL", [3 * HOUR_MS])
            db.commit()
        program.start()
        assert program.wait_for_rows("photos", 1) == 1
        program.wait_for_log("pruned grants that were never used")
        with Office(program) as office:
            assert list(office.listed(job_id)) == [sent.photo_id]
        assert findings(program, witness) == []

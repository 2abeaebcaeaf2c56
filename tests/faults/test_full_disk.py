"""A full disk: uploads are refused with 507, and everything else works."""

import xml.etree.ElementTree as ElementTree

import pytest
from rig.disks import Tmpfs
from rig.program import Program
from rig.witness import Office, Wire, findings

MIB = 1 << 20


def fill_with_photos(program, witness, job_id, size):
    """Uploads until the store refuses; gives the refusal."""
    for _ in range(100):
        with Office(program) as office, Wire(program.store) as wire:
            for photo in witness.grants(office, job_id, 5, size):
                status, answer = witness.upload(wire, photo)
                if status != 201:
                    return status, answer
    return pytest.fail("the disk never filled up")


def assert_storage_full(status, answer):
    assert status == 507, answer[:500]
    error = ElementTree.fromstring(answer)
    assert error.tag == "Error"
    assert error.findtext("Code") == "InsufficientStorage", answer


def assert_all_else_works(program, witness):
    """Old photos, lists, tokens."""
    assert findings(program, witness) == []
    with Office(program) as office:
        assert office.call("GET", "/jobs?limit=1")[0] == 200
        assert office.call("GET", "/readyz")[0] == 200
    for role in ("crew", "customer"):
        with Office(program, program.tokens[role]) as holder:
            assert holder.call("GET", f"/list_photos?job_id={program.ready['sample_job_id']}")[0] == 200, role


def delete_some(program, witness, job_id, count):
    there = [photo for photo in witness.of_job(job_id) if photo.must_be_listed()]
    with Office(program) as office:
        for photo in there[:count]:
            status, answer = witness.delete(office, photo)
            assert photo.deleted, f"{status} {answer}"


def test_a_full_disk_refuses_uploads_and_keeps_everything_else(tmp_path, witness):
    with (
        Tmpfs(tmp_path / "small", 8 * MIB) as disk,
        Program(tmp_path / "qdn", data=disk.path / "data") as program,
    ):
        with Office(program) as office:
            job_id = witness.new_job(office)
            witness.new_token(office, job_id)
        assert_storage_full(*fill_with_photos(program, witness, job_id, 150_000))
        assert witness.count_acknowledged() > 10, "most of the disk is for photos"
        assert disk.free_bytes() > 0, "the floor is kept"
        assert_all_else_works(program, witness)
        # Also one that is far too large, and one whose size nobody announced.
        with Office(program) as office, Wire(program.store) as wire:
            (photo,) = witness.grants(office, job_id, 1, 20 * MIB)
            assert_storage_full(*witness.upload(wire, photo))
        assert_all_else_works(program, witness)

        delete_some(program, witness, job_id, 3)
        witness.upload_some(program, job_id, 1, 150_000)
        assert_all_else_works(program, witness)
        assert program.stop() == 0
        program.check_store()
        program.start()
        assert_all_else_works(program, witness)


def test_a_disk_filled_to_the_last_byte_by_others_keeps_everything_readable(tmp_path, witness):
    with (
        Tmpfs(tmp_path / "small", 8 * MIB) as disk,
        Program(tmp_path / "qdn", data=disk.path / "data") as program,
    ):
        with Office(program) as office:
            job_id = witness.new_job(office)
            witness.new_token(office, job_id)
            witness.upload_some(program, job_id, 5, 100_000)
            photos = witness.grants(office, job_id, 3, 100_000)
            filler = disk.path / "filler"
            fill_to_the_last_byte(filler)
            assert disk.free_bytes() == 0
            with Wire(program.store) as wire:
                for photo in photos:
                    assert_storage_full(*witness.upload(wire, photo))
            # Even the database has no room: it says so, and answers what needs none.
            wish = {"job_id": job_id, "photo_name": "image.jpg"}
            status, answer = office.call("POST", "/upload-url", wish)
            assert status in (201, 200, 503, 507), f"{status} {answer}"
        assert_all_else_works(program, witness)
        filler.unlink()
        witness.upload_some(program, job_id, 3, 100_000)
        assert_all_else_works(program, witness)
        program.kill()
        program.start()
        assert_all_else_works(program, witness)


def fill_to_the_last_byte(path):
    for size in (65_536, 4_096, 1):
        with path.open("ab", buffering=0) as filler:
            try:
                while filler.write(b"\0" * size) == size:
                    pass
            except OSError:
                pass


def test_a_disk_without_room_for_another_file_refuses_uploads_and_keeps_everything_else(tmp_path, witness):
    with (
        Tmpfs(tmp_path / "small", 64 * MIB, inodes=400) as disk,
        Program(tmp_path / "qdn", data=disk.path / "data") as program,
    ):
        with Office(program) as office:
            job_id = witness.new_job(office)
            witness.new_token(office, job_id)
        assert_storage_full(*fill_with_photos(program, witness, job_id, 5_000))
        assert witness.count_acknowledged() > 10
        assert_all_else_works(program, witness)
        delete_some(program, witness, job_id, 3)
        witness.upload_some(program, job_id, 1, 5_000)
        assert_all_else_works(program, witness)
        program.kill()
        program.start()
        assert_all_else_works(program, witness)

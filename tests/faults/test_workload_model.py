"""The rules of the power cuts: what was acknowledged is not lost, what was answered late may be, and none is half."""

import contextlib
import dataclasses
import shutil
import sqlite3
import time

import pytest
from rig.checks import deletion_findings, findings, kinds_of, object_path
from rig.disks import PowerCut
from rig.office import Office
from rig.records import Customer, Job, Link, Photo
from rig.wire import Wire

ALL_LOST = {"customer lost", "job lost", "link lost", "revocation lost", "lost", "came back"}


@dataclasses.dataclass
class Changes:
    """One change of each kind."""

    began: float
    ended: float
    customer: Customer
    job: Job
    link: Link
    revoked: Link
    photo: Photo
    deleted: Photo


def make_changes(program, witness):
    """Changes of each kind, all answered. The data as it was before them is kept."""
    with Office(program) as office, Wire(program.store) as wire:
        job_id = witness.new_job(office)
        photo, deleted = witness.grants(office, job_id, 2, 20_000)
        witness.upload(wire, deleted)
        revoked = witness.new_link(office, job_id)
        assert program.stop() == 0
        shutil.copytree(program.data, program.folder / "before")
        program.start()
    with Office(program) as office, Wire(program.store) as wire:
        began = time.monotonic()
        job = witness.new_job_for(office, witness.new_customer(office))
        link = witness.new_link(office, job_id)
        witness.revoke(office, revoked)
        assert witness.upload(wire, photo)[0] == 201
        assert witness.delete(office, deleted)[0] == 204
    return Changes(began, time.monotonic(), job.customer, job, link, revoked, photo, deleted)


def put_back(program, name):
    """Starts on data of another time; gives where the present ones lie."""
    program.stop()
    program.data.rename(program.folder / "present")
    shutil.copytree(program.folder / name, program.data)
    program.start()
    return "present"


def test_what_was_answered_before_a_cut_may_not_be_lost(program, witness):
    changes = make_changes(program, witness)
    assert witness.note_cut(PowerCut(changes.ended, changes.ended + 1)) == []
    assert findings(program, witness) == []
    put_back(program, "before")
    assert kinds_of(findings(program, witness)) == ALL_LOST


def test_what_was_answered_during_a_cut_may_be_lost_and_then_stays_away(program, witness):
    changes = make_changes(program, witness)
    assert witness.note_cut(PowerCut(changes.began, changes.ended)) == []
    present = put_back(program, "before")
    assert findings(program, witness) == []
    witness.settle()
    lost = {kind for kind, counts in witness.counts.items() if counts["lost of these"] == 1}
    assert lost == {"customer", "job", "link", "revocation", "photo", "deletion"}
    shutil.move(program.folder / present, program.folder / "after")
    put_back(program, "after")
    problems = kinds_of(findings(program, witness))
    assert problems == {"customer appeared", "job appeared", "link appeared", "revocation appeared", "appeared", "lost"}


def test_what_was_answered_during_a_cut_may_be_there_and_then_stays(program, witness):
    changes = make_changes(program, witness)
    assert witness.note_cut(PowerCut(changes.began, changes.ended)) == []
    assert findings(program, witness) == []
    witness.settle()
    assert findings(program, witness) == []
    put_back(program, "before")
    assert kinds_of(findings(program, witness)) == ALL_LOST


def test_an_answer_to_what_was_sent_after_a_cut_is_found(program, witness):
    changes = make_changes(program, witness)
    problems = witness.note_cut(PowerCut(changes.began - 2, changes.began))
    assert len(problems) == 6, problems
    assert kinds_of(problems) == {"answered without a disk"}


def test_what_was_never_answered_may_be_there_or_not(program, witness):
    changes = make_changes(program, witness)
    for record in (changes.customer, changes.job, changes.link):
        record.creation.responded_at = None
    changes.customer.customer_id = changes.job.job_id = changes.link.link_id = changes.link.token = None
    changes.photo.upload.responded_at = changes.deleted.deletion.responded_at = None
    changes.revoked.revocation.responded_at = None
    assert witness.note_cut(PowerCut(changes.ended, changes.ended + 1)) == []
    assert findings(program, witness) == []
    assert None not in (changes.customer.customer_id, changes.job.job_id, changes.link.link_id), "found by their names"
    put_back(program, "before")
    assert findings(program, witness) == []


@contextlib.contextmanager
def stopped(program):
    """The database of a program that was stopped and is started again."""
    assert program.stop() == 0
    with contextlib.closing(sqlite3.connect(program.data / "qdn.sqlite")) as database:
        yield database
        database.commit()
    program.start()


@contextlib.contextmanager
def behind_the_back(program):
    """The index of a store that runs: at a start it would be made to agree with the files."""
    with contextlib.closing(sqlite3.connect(program.data / "store" / "index.sqlite")) as index:
        yield index
        index.commit()


HALVES = {
    "a customer with another phone": "UPDATE customers SET phone = 'none' WHERE customer_id = :customer_id",
    "a customer with another name": "UPDATE customers SET name = 'none' WHERE customer_id = :customer_id",
    "a job with another title": "UPDATE jobs SET title = 'none' WHERE job_id = :job_id",
    "a job of another customer":
        "UPDATE jobs SET customer_id = (SELECT min(customer_id) FROM customers) WHERE job_id = :job_id",
    "a job without its customer": "DELETE FROM customers WHERE customer_id = :customer_id",
    "a link that opens and is not listed":
        "UPDATE links SET scope_kind = 'all_jobs', scope_id = NULL WHERE link_id = :link_id",
    "a link that is listed and does not open":
        "UPDATE links SET token_hash = randomblob(32) WHERE link_id = :link_id",
    "a link with fewer rights": "UPDATE links SET may_upload = 0 WHERE link_id = :link_id",
    "a revoked link with another role": "UPDATE links SET role = 'customer' WHERE link_id = :revoked_id",
}


@pytest.mark.parametrize("change", HALVES.values(), ids=HALVES.keys())
def test_half_a_record_that_was_answered_late_is_found(program, witness, change):
    changes = make_changes(program, witness)
    witness.note_cut(PowerCut(changes.began, changes.ended))
    ids = {
        "customer_id": changes.customer.customer_id, "job_id": changes.job.job_id,
        "link_id": changes.link.link_id, "revoked_id": changes.revoked.link_id,
    }
    with stopped(program) as database:
        assert database.execute(change, {name: ids[name] for name in ids if f":{name}" in change}).rowcount == 1
    assert "half" in kinds_of(findings(program, witness))


def test_half_a_photo_that_was_answered_late_is_found(program, witness):
    changes = make_changes(program, witness)
    witness.note_cut(PowerCut(changes.began, changes.ended))
    path = object_path(program, changes.photo)
    whole = path.read_bytes()
    path.write_bytes(whole[:10_000])
    assert kinds_of(findings(program, witness)) <= {"corrupt", "unreadable"} != set()
    path.write_bytes(whole)
    assert findings(program, witness) == []
    key = changes.photo.grant["key"].encode()
    with behind_the_back(program) as index:
        assert index.execute("UPDATE objects SET size = size - 1 WHERE key = ?", (key,)).rowcount == 1
    assert "corrupt" in kinds_of(findings(program, witness))
    with behind_the_back(program) as index:
        assert index.execute("DELETE FROM objects WHERE key = ?", (key,)).rowcount == 1
    assert kinds_of(findings(program, witness)) == {"half"}


def test_a_grant_may_be_lost_only_when_it_was_answered_late(program, witness):
    with Office(program) as office, Wire(program.store) as wire:
        began = time.monotonic()
        photos = witness.grants(office, witness.new_job(office), 2, 5_000)
        ended = time.monotonic()
        for photo in photos:
            assert witness.upload(wire, photo)[0] == 201
    assert findings(program, witness) == []
    with stopped(program) as database:
        database.execute("DELETE FROM photos WHERE photo_id = ?", (photos[0].photo_id,))
    assert kinds_of(findings(program, witness)) == {"half"}, "all photos of a grant have a record, or none has"
    with stopped(program) as database:
        database.execute("DELETE FROM photos WHERE photo_id = ?", (photos[1].photo_id,))
    assert kinds_of(findings(program, witness)) == {"grant lost"}
    witness.recent = [photos[0].granting]
    witness.note_cut(PowerCut(began, ended))
    assert findings(program, witness) == []


def test_half_a_deletion_that_was_answered_late_is_found(program, witness):
    changes = make_changes(program, witness)
    witness.note_cut(PowerCut(changes.began, changes.ended))
    put_back(program, "before")
    path = object_path(program, changes.deleted)
    whole = path.read_bytes()
    path.write_bytes(b"")
    assert kinds_of(findings(program, witness)) <= {"corrupt", "unreadable"} != set()
    path.write_bytes(whole)
    with Office(program) as office:
        assert witness.delete(office, changes.deleted)[0] == 204
    assert deletion_findings(program, witness) == []
    path.write_bytes(whole)
    assert kinds_of(deletion_findings(program, witness, seconds=0.1)) == {"half"}

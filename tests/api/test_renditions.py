"""What becomes of photos: whatever a phone sends, customers get renditions that say nothing of where and by whom."""

import csv
import hashlib
import re
from pathlib import Path

import pytest
import requests
from support import caller as callers
from support.caller import Caller, photo_bytes, wait_until
from support.faces import Server

FIXTURES = Path(__file__).parents[2] / "crates" / "photo" / "fixtures"
# What the fixtures hide in their metadata, and what metadata begins with.
SECRETS = (b"QDN-", b"Exif", b"http://ns.adobe.com", b"xmpmeta", b"Photoshop", b"ICC_PROFILE", b"GPS", b"Apple", b"iPhone")


def manifest():
    with (FIXTURES / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(rows) > 100
    return {row["file"]: row for row in rows}


def read(name):
    return (FIXTURES / "files" / name).read_bytes()


def fetch(url):
    answer = requests.get(url, timeout=10)
    assert answer.status_code == 200, f"{answer.status_code} {answer.text[:300]}"
    return answer


def assert_says_nothing(name, jpeg):
    """A JPEG of a header, tables and pixels, with nothing before, between or behind (ITU T.81, annex B)."""
    assert jpeg.startswith(b"\xff\xd8") and jpeg.endswith(b"\xff\xd9"), name
    at, marker = 2, 0
    while marker != 0xDA:
        assert jpeg[at] == 0xFF, name
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        body = jpeg[at + 4 : at + 2 + length]
        assert marker in (0xC0, 0xC4, 0xDA, 0xDB, 0xDD, 0xE0), f"{name}: marker {marker:02x}"
        assert marker != 0xE0 or (body.startswith(b"JFIF\0") and len(body) == 14), f"{name}: more than a JFIF header"
        at += 2 + length
    assert not re.search(rb"\xff[^\x00]", jpeg[at:-2], re.DOTALL), f"{name}: a marker among the pixels"
    for secret in SECRETS:
        assert secret not in jpeg, f"{name}: {secret}"


@pytest.fixture(scope="module")
def uploaded(staff):
    """A job with every fixture; each caption is the fixture's name."""
    job_id = staff.new_job()
    for name in manifest():
        # An empty file is refused before it is stored.
        if body := read(name):
            staff.upload(job_id, name, body, caption=name)
    staff.settled(job_id)
    return job_id


@pytest.fixture(scope="module")
def customer(server, staff, uploaded):
    return Caller(server, server.application_key, staff.new_link(uploaded, "customer")["token"])


def test_every_fixture_ends_as_the_manifest_says_and_staff_keep_the_original(staff, uploaded):
    photos = {photo["caption"]: photo for photo in staff.photos(uploaded, limit=1_000)}
    for name, row in manifest().items():
        if not read(name):
            assert name not in photos
            continue
        photo = photos[name]
        ended = photo["status"] if photo["rejection"] is None else photo["rejection"]
        ended = "damaged" if photo["damaged"] else ended
        wanted = row["outcome"].split("|")
        assert wanted == ["any"] or ended in wanted, f"{name}: {ended}"
        assert hashlib.sha256(fetch(photo["url"]).content).hexdigest() == row["sha256"], name
        shown = photo["status"] == "ready"
        assert shown == all(photo[field] for field in ("thumb_url", "display_url", "thumbhash")), name
        if shown and row["size"] != "-":
            assert f"{photo['width']}x{photo['height']}" == row["size"], name
            assert (photo["location"] is None) == (row["location"] == "-"), name
            assert row["location"] == "-" or abs(photo["location"]["latitude"] - float(row["location"].split(",")[0])) < 0.001


def test_a_photo_of_which_a_part_is_missing_is_ready_and_damaged_for_everybody(server, staff, customer, uploaded):
    crew = Caller(server, server.application_key, staff.new_link(uploaded, "crew")["token"])
    for caller in (staff, crew, customer):
        photos = {photo["caption"]: photo for photo in caller.photos(uploaded, limit=1_000)}
        for kind in ("jpg", "png"):
            assert (photos[f"cut-at-nine-tenths.{kind}"]["status"], photos[f"cut-at-nine-tenths.{kind}"]["damaged"]) == ("ready", True)
        assert (photos["orientation-1.jpg"]["status"], photos["orientation-1.jpg"]["damaged"]) == ("ready", False)


def test_no_byte_of_metadata_of_any_fixture_reaches_a_customer(staff, customer, uploaded):
    ready = {photo["photo_id"] for photo in staff.photos(uploaded, limit=1_000) if photo["status"] == "ready"}
    photos = customer.photos(uploaded, limit=1_000)
    assert {photo["photo_id"] for photo in photos} == ready and len(ready) > 70
    for photo in photos:
        assert (photo["location"], photo["rejection"]) == (None, None), photo["caption"]
        assert photo["url"] == photo["display_url"] and "/renditions/" in photo["url"], photo["caption"]
        for field in ("thumb_url", "display_url"):
            answer = fetch(photo[field])
            assert answer.headers["Content-Type"] == "image/jpeg"
            assert_says_nothing(f"{photo['caption']}, {field}", answer.content)


def test_a_rejected_photo_is_shown_to_nobody_but_staff(server, staff, customer, uploaded):
    rejected = {photo["photo_id"] for photo in staff.photos(uploaded, limit=1_000) if photo["status"] == "rejected"}
    assert len(rejected) > 30
    for photo in customer.photos(uploaded, limit=1_000):
        assert photo["photo_id"] not in rejected
    assert not rejected & set(re.findall(r"[0-9A-Za-z]{20,}", customer.get("/list_photos", params={"job_id": uploaded, "limit": 1_000}).text))


def test_a_time_without_an_offset_is_of_the_business(tmp_path):
    running = Server(tmp_path, "--time-zone", "America/Chicago").start()
    staff = callers.staff(running)
    job_id = staff.new_job()
    for name in ("orientation-1.jpg", "time-offset-ahead.jpg", "time-offset-behind.jpg", "time-zero.jpg"):
        staff.upload(job_id, name, read(name))
    assert {photo["name"]: photo["taken_at"] for photo in staff.settled(job_id)} == {
        # Daylight saving time began in Chicago on 8 March 2026.
        "orientation-1.jpg": "2026-03-14T20:09:26Z",
        "time-offset-ahead.jpg": "2026-03-14T09:24:26.25Z",
        "time-offset-behind.jpg": "2026-03-14T18:39:26.123Z",
        "time-zero.jpg": None,
    }
    assert running.stop() == 0


@pytest.mark.embedded
def test_photos_wait_for_a_processor_and_are_found_by_its_start_and_by_a_command(tmp_path):
    running = Server(tmp_path, "--photo-workers", "0").start()
    staff = callers.staff(running)
    job_id = staff.new_job()
    customer = Caller(running, running.application_key, staff.new_link(job_id, "customer")["token"])
    for number in range(3):
        staff.upload(job_id, f"{number}.jpg", photo_bytes(number))
    staff.upload(job_id, "web.jpg", read("html.jpg"))
    assert [photo["status"] for photo in staff.photos(job_id)] == ["processing"] * 4
    for photo in customer.photos(job_id):
        assert {photo[field] for field in ("url", "thumb_url", "display_url", "thumbhash")} == {None}
    assert "qdn_photos_waiting 4" in staff.get("/metrics").text
    assert running.stop() == 0

    # Nobody lists anything: the start itself finds what is unfinished.
    running.options = ()
    running.start()
    running.wait_for_renditions()
    staff = callers.staff(running)
    counted = staff.get("/metrics").text
    for line in (
        "qdn_photos_waiting 0", "qdn_photos_processed_total 3", 'qdn_photos_rejected_total{reason="not_a_photo"} 1',
        'qdn_photos_step_seconds_count{step="decode"} 3',
    ):
        assert line in counted.splitlines(), f"{line} in {counted}"
    before = running.object_files()
    assert len(before) == 4 + 2 * 3

    said = running.command("process", "--all", "--again")
    assert said == "3 photos are ready, 1 cannot be shown\n"
    assert running.object_files() == before
    assert 'qdn_photos_step_seconds_count{step="decode"} 6' in staff.get("/metrics").text
    assert running.stop() == 0


def test_renditions_that_were_lost_are_made_again(staff, store, server, job):
    grants = [staff.upload(job, f"{number}.jpg", photo_bytes(number)) for number in range(2)]
    photos = {photo["photo_id"]: photo for photo in staff.settled(job)}
    lost, kept = (photos[grant["photo_id"]]["thumb_url"] for grant in grants)
    store.delete_object(Bucket=server.bucket, Key=lost.split("?")[0].split(f"/{server.bucket}/")[1])
    assert requests.get(lost, timeout=10).status_code == 404
    said = staff.good("POST", f"/jobs/{job}/process", json={})
    assert said == {"processing": 1, "ready": 1, "rejected": 0, "missing": 0}
    wait_until(lambda: staff.good("POST", f"/jobs/{job}/process", json={}) == {"processing": 0, "ready": 2, "rejected": 0, "missing": 0})
    assert [requests.get(url, timeout=10).status_code for url in (lost, kept)] == [200, 200]


def test_a_deleted_photo_takes_its_renditions_with_it(server, staff, job):
    before = server.object_files()
    grant = staff.upload(job, "large.jpg", read("large.jpg"))
    staff.settled(job)
    assert len(server.object_files()) == len(before) + 3
    staff.good("DELETE", f"/jobs/{job}/photos/{grant['photo_id']}")
    assert server.object_files() == before

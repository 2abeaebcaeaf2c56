"""Jobs and customers: covers, changes; what the contract promises, seen from outside."""

import sqlite3
import time

import requests
import pytest
from support import caller as callers
from support.caller import GREY, Caller, photo_bytes, unique, without_signatures
from support.faces import Server


def link(server, staff, job, role):
    return Caller(server, server.application_key, staff.new_link(job, role)["token"])


# Covers.


def cover_id(caller, job):
    """The photo that stands for a job, by the key in its URL; the list must say the same as the job itself."""
    (listed,) = [one for one in caller.good("GET", "/jobs", params={"q": job})["jobs"] if one["job_id"] == job]
    read = caller.good("GET", f"/jobs/{job}")
    urls = [without_signatures(one)["cover_url"] for one in (listed, read)]
    assert urls[0] == urls[1]
    if urls[0] is None:
        return None
    in_job, photo_id, _, name = urls[0].split("/")[-4:]
    assert (in_job, name) == (job, "thumb")
    return photo_id


def test_the_cover_of_a_job_is_its_newest_photo_that_is_ready_and_not_hidden(staff, job):
    assert cover_id(staff, job) is None
    grants = [staff.upload(job, f"{number}.jpg") for number in range(3)]
    staff.upload(job, "broken.jpg", b"no photo at all")
    staff.settled(job)
    assert cover_id(staff, job) == grants[2]["photo_id"]
    answer = requests.get(staff.good("GET", f"/jobs/{job}")["cover_url"], timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    staff.good("PATCH", f"/jobs/{job}/photos/{grants[2]['photo_id']}", json={"hidden": True})
    assert cover_id(staff, job) == grants[1]["photo_id"]
    staff.good("DELETE", f"/jobs/{job}/photos/{grants[1]['photo_id']}")
    assert cover_id(staff, job) == grants[0]["photo_id"]
    changed = staff.good("PATCH", f"/jobs/{job}", json={"title": "Changed"})
    assert grants[0]["photo_id"] in changed["cover_url"]


def test_crew_see_the_cover_and_customers_do_not(server, staff, job):
    grant = staff.upload(job)
    staff.settled(job)
    assert cover_id(link(server, staff, job, "crew"), job) == grant["photo_id"]
    assert cover_id(link(server, staff, job, "customer"), job) is None
    assert grant["photo_id"] not in link(server, staff, job, "customer").get("/jobs").text


@pytest.mark.embedded
def test_a_page_of_jobs_with_covers_looks_at_no_more_photos_than_it_shows(tmp_path):
    """5,000 jobs with 20 photos each, written straight into the database: a page must not look at all of them."""
    server = Server(tmp_path, "--photo-workers", "0").start()
    assert server.stop() == 0
    with sqlite3.connect(server.data / "qdn.sqlite") as db:
        (customer,) = db.execute("SELECT customer_id FROM customers").fetchone()
        jobs = [(f"j{number:05}", customer, f"Job {number}", number) for number in range(5_000)]
        db.executemany("INSERT INTO jobs VALUES (?, ?, ?, NULL, NULL, 'scheduled', ?)", jobs)
        db.executemany(
            """INSERT INTO photos (job_id, photo_id, key, name, content_type, hidden, status, granted_at, stored_at,
                   source_etag, rendition_version, width, height, thumbhash)
               VALUES (?, ?, 'k', 'n', 'image/jpeg', 0, 'ready', 1, ?, 'e', '1-ab', 4, 3, x'01')""",
            ((job, f"01ARZ3NDEKTSV4RRFFQ69G50{number:02}", number) for job, *_ in jobs for number in range(20)),
        )
    server.start()
    try:
        staff = callers.staff(server)
        for query in ({}, {"q": "Job 49"}, {"status": "scheduled"}):
            began = time.monotonic()
            page = staff.good("GET", "/jobs", params={"limit": 200, **query})["jobs"]
            took = time.monotonic() - began
            made = [job for job in page if job["job_id"] != "sample"]
            assert len(made) >= 100 and all("/01ARZ3NDEKTSV4RRFFQ69G5019/1-ab/thumb?" in job["cover_url"] for job in made)
            assert took < 1, f"{query}: {took:.3f} s"
    finally:
        assert server.stop() == 0


# Customers.


def test_staff_change_a_customer_and_take_away_how_to_reach_them(server, staff):
    customer_id = staff.new_customer("Ann", phone="555-0100", email="ann@example.com")
    path = f"/customers/{customer_id}"
    for change, seen in (
        ({}, ("Ann", "555-0100", "ann@example.com")),
        ({"name": " Ann Lee "}, ("Ann Lee", "555-0100", "ann@example.com")),
        ({"phone": None}, ("Ann Lee", None, "ann@example.com")),
        ({"phone": "555-0101", "email": None}, ("Ann Lee", "555-0101", None)),
        ({"email": " "}, ("Ann Lee", "555-0101", None)),
        ({"name": None, "email": "a@example.com"}, ("Ann Lee", "555-0101", "a@example.com")),
    ):
        answer = staff.good("PATCH", path, json=change)
        assert answer == staff.good("GET", path), change
        assert (answer["name"], answer["phone"], answer["email"]) == seen, change
    job = staff.new_job(customer_id)
    assert staff.good("GET", f"/jobs/{job}")["customer"]["name"] == "Ann Lee"


def test_a_crew_of_all_jobs_changes_no_customer(server, staff):
    customer_id = staff.new_customer("Ann")
    caller = Caller(server, server.add_key(unique("key"), "--role", "crew"))
    answer = caller.patch(f"/customers/{customer_id}", {"name": "Eve"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert staff.good("GET", f"/customers/{customer_id}")["name"] == "Ann"


# PUT without a size.


def test_a_put_without_a_size_takes_what_comes_up_to_the_limit(tmp_path):
    server = Server(tmp_path, "--photo-bytes-max", "100000").start()
    try:
        staff, job = callers.staff(server), server.ready["sample_job_id"]
        body = photo_bytes("put", 60_000)
        for sent, status in ((body, 200), (photo_bytes("large", 100_001), 400), (GREY, 200)):
            grant = staff.grant(job, method="PUT")
            assert {name.lower() for name in grant["headers"]} == {"content-type", "if-none-match"}
            answer = requests.put(grant["url"], data=sent, headers=grant["headers"], timeout=30)
            assert answer.status_code == status, answer.text
            if status == 400:
                assert "<Code>EntityTooLarge</Code>" in answer.text
                assert grant["photo_id"] not in [photo["photo_id"] for photo in staff.photos(job)]
            again = requests.put(grant["url"], data=GREY + b"other", headers=grant["headers"], timeout=30)
            assert again.status_code == (200 if status == 400 else 412), again.text
    finally:
        assert server.stop() == 0

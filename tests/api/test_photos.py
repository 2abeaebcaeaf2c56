"""Listing, changing and deleting photos and the jobs they belong to: what the contract promises, seen from outside."""

import base64
import concurrent.futures
import datetime
import re
import time

import botocore.exceptions
import pytest
import requests
from support import caller as callers
from support.caller import (
    GREY, Caller, path_segment, photo_bytes, send_form, time_of, unique, unnormalised, wait_until, within_one_window,
    without_signatures,
)
from support.s3 import all_keys, client, refusal
from support.faces import Server

PHOTO = photo_bytes("photos", 4_000)


def exists(store, server, key):
    try:
        store.head_object(Bucket=server.bucket, Key=key)
        return True
    except botocore.exceptions.ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 404
        return False


def ids(photos):
    return [photo["photo_id"] for photo in photos]


# The list.


def test_a_photo_is_listed_as_soon_as_its_upload_has_returned(staff, job):
    for number in range(20):
        grant = staff.upload(job, f"{number}.jpg", photo_bytes(number, 100))
        assert ids(staff.photos(job))[-1] == grant["photo_id"]
    assert len(staff.photos(job)) == 20


def test_a_grant_that_was_never_used_is_not_listed(staff, job):
    staff.grant(job)
    assert staff.good("GET", "/list_photos", params={"job_id": job}) == {"photos": [], "next_cursor": None}


def test_a_listed_photo_says_what_was_said_of_it(server, staff, job):
    grant = staff.upload(
        job, "front door.jpg", PHOTO, phase="before", caption="  The door — before  ",
        taken_at="2026-05-04T11:30:00+02:00", location={"latitude": 48.1, "longitude": 11.5},
    )
    (photo,) = staff.settled(job)
    uploaded_at = time_of(photo.pop("uploaded_at"))
    assert abs(datetime.datetime.now(datetime.UTC) - uploaded_at) < datetime.timedelta(minutes=1)
    got = requests.get(photo.pop("url"), timeout=10)
    assert (got.content, got.headers["Content-Type"]) == (PHOTO, "image/jpeg")
    for name in ("thumb_url", "display_url"):
        got = requests.get(photo.pop(name), timeout=10)
        assert got.headers["Content-Type"] == "image/jpeg" and got.content.startswith(b"\xff\xd8"), name
        assert PHOTO[len(GREY):] not in got.content
    assert len(base64.b64decode(photo.pop("thumbhash"))) >= 5
    assert photo == {
        "photo_id": grant["photo_id"], "name": "front door.jpg", "size": len(PHOTO), "phase": "before",
        "caption": "The door — before", "taken_at": "2026-05-04T09:30:00Z", "status": "ready", "hidden": False,
        "width": 8, "height": 8, "rejection": None, "damaged": False, "location": {"latitude": 48.1, "longitude": 11.5},
    }
    for role in ("crew", "customer"):
        caller = Caller(server, server.application_key, staff.new_link(job, role)["token"])
        (seen,) = caller.photos(job)
        assert (seen["location"], seen["url"]) == (None, seen["display_url"]), role


def test_a_url_of_the_list_is_private_and_pins_its_object(staff, job):
    staff.upload(job)
    (photo,) = staff.photos(job)
    assert refusal(requests.get(photo["url"].split("?")[0], timeout=10)) == (403, "AccessDenied")
    assert refusal(requests.get(photo["url"].replace(".jpg?", ".png?"), timeout=10))[0] == 403
    assert refusal(requests.put(photo["url"], data=b"evil", timeout=10))[0] == 403
    cached = requests.get(photo["url"], timeout=10)
    assert re.fullmatch(r"private, max-age=\d+, immutable", cached.headers["Cache-Control"])
    again = requests.get(photo["url"], headers={"If-None-Match": cached.headers["ETag"]}, timeout=10)
    assert (again.status_code, again.content) == (304, b"")


def test_250_photos_are_paged_without_loss_or_repetition(server, store, staff, job):
    wishes = [{"photo_name": f"{number}.jpg", "size": len(GREY)} for number in range(250)]
    uploads = []
    for start in (0, 100, 200):
        batch = {"job_id": job, "photos": wishes[start : start + 100]}
        uploads += staff.good("POST", "/upload-url", json=batch)["uploads"]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda upload: send_form(upload, GREY).status_code, uploads)) == {201}
    hidden = {upload["photo_id"] for upload in uploads[40:160]}
    for photo_id in hidden:
        staff.good("PATCH", f"/jobs/{job}/photos/{photo_id}", json={"hidden": True})
    customer = Caller(server, server.application_key, staff.new_link(job, "customer")["token"])

    def walk(caller, **query):
        found, pages, cursor = [], 0, {}
        while True:
            page = caller.good("GET", "/list_photos", params={"job_id": job, **query, **cursor})
            assert len(page["photos"]) <= query.get("limit", 100)
            found, pages = found + ids(page["photos"]), pages + 1
            assert pages < 300
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}

    everything = sorted(ids(uploads))
    for query in ({}, {"limit": 7}, {"limit": 100}, {"limit": 249}, {"limit": 250}, {"limit": 251}, {"limit": 1_000}):
        assert walk(staff, **query) == everything, query
    assert walk(staff, limit=1)[:5] == everything[:5]
    shown = [photo_id for photo_id in everything if photo_id not in hidden]
    for query in ({}, {"limit": 5}, {"limit": 130}):
        assert walk(customer, **query) == shown, query


def test_a_cursor_of_another_job_is_refused(staff, job):
    other = staff.new_job()
    for _ in range(2):
        staff.upload(job)
    cursor = staff.good("GET", "/list_photos", params={"job_id": job, "limit": 1})["next_cursor"]
    assert len(staff.photos(job, cursor=cursor)) == 1
    answer = staff.get("/list_photos", params={"job_id": other, "cursor": cursor})
    assert (answer.status_code, answer.json()["field"]) == (400, "cursor")


def test_a_page_holds_as_many_photos_as_there_are(staff, job):
    grants = [staff.upload(job) for _ in range(3)]
    page = staff.good("GET", "/list_photos", params={"job_id": job, "limit": 3})
    assert (ids(page["photos"]), page["next_cursor"]) == (ids(grants), None)


def test_an_unchanged_list_is_the_same_answer_and_304(staff, job):
    staff.upload(job, caption="one")
    staff.settled(job)
    within_one_window()
    first, second = (staff.get("/list_photos", params={"job_id": job}) for _ in range(2))
    assert (first.content, first.headers["ETag"]) == (second.content, second.headers["ETag"])
    assert first.headers["Cache-Control"] == "private, no-cache"
    etag = first.headers["ETag"]
    for condition in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        answer = staff.get("/list_photos", params={"job_id": job}, headers={"If-None-Match": condition})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag), condition
    for condition in ('"other"', "", etag.removeprefix("W/").strip('"')):
        answer = staff.get("/list_photos", params={"job_id": job}, headers={"If-None-Match": condition})
        assert answer.status_code == 200, condition
    (photo,) = staff.photos(job)
    staff.good("PATCH", f"/jobs/{job}/photos/{photo['photo_id']}", json={"caption": "two"})
    answer = staff.get("/list_photos", params={"job_id": job}, headers={"If-None-Match": etag})
    assert answer.status_code == 200 and answer.headers["ETag"] != etag


def test_urls_are_stable_within_a_window_and_good_for_one_more(tmp_path):
    window = 4
    server = Server(tmp_path, "--delivery-window-seconds", str(window)).start()
    try:
        staff, job = callers.staff(server), server.ready["sample_job_id"]
        staff.upload(job)

        def url():
            return staff.photos(job)[0]["url"]

        # Begin just behind the turn of a window, so that two of the three fall into one.
        time.sleep(window - time.time() % window + 0.1)
        first = url()
        time.sleep(1)
        assert url() == first
        time.sleep(window - time.time() % window + 0.1)
        second = url()
        assert second != first
        assert [requests.get(one, timeout=10).status_code for one in (first, second)] == [200, 200]
        time.sleep(window - time.time() % window + 1.1)
        assert refusal(requests.get(first, timeout=10)) == (403, "AccessDenied")
        assert requests.get(second, timeout=10).status_code == 200
    finally:
        assert server.stop() == 0


# One photo.


def test_one_photo_is_as_the_list_shows_it_to_everybody(server, staff, job):
    grants = [staff.upload(job, f"{number}.jpg", caption=str(number)) for number in range(3)]
    staff.settled(job)
    staff.good("PATCH", f"/jobs/{job}/photos/{grants[1]['photo_id']}", json={"hidden": True})
    crew, customer = (
        Caller(server, server.application_key, staff.new_link(job, role)["token"]) for role in ("crew", "customer")
    )
    for caller in (staff, crew, customer):
        listed = {photo["photo_id"]: without_signatures(photo) for photo in caller.photos(job)}
        for photo_id in ids(grants):
            answer = caller.get(f"/jobs/{job}/photos/{photo_id}")
            if photo_id in listed:
                assert without_signatures(answer.json()) == listed[photo_id]
            else:
                assert (answer.status_code, answer.json()["code"]) == (404, "photo_not_found")
    assert len(listed) == 2
    within_one_window()
    first = staff.get(f"/jobs/{job}/photos/{grants[0]['photo_id']}")
    headers = {"If-None-Match": first.headers["ETag"]}
    assert staff.get(f"/jobs/{job}/photos/{grants[0]['photo_id']}", headers=headers).status_code == 304


def test_a_photo_that_has_not_come_or_is_deleted_is_not_found(staff, job):
    granted, gone = staff.grant(job), staff.upload(job)
    staff.good("DELETE", f"/jobs/{job}/photos/{gone['photo_id']}")
    other = staff.upload(staff.new_job())
    for photo_id in (granted["photo_id"], gone["photo_id"], other["photo_id"]):
        answer = staff.get(f"/jobs/{job}/photos/{photo_id}")
        assert (answer.status_code, answer.json()["code"]) == (404, "photo_not_found")


# Changing.


def test_staff_change_phase_caption_and_visibility_and_take_them_away(staff, job):
    grant = staff.upload(job, phase="during", caption="old")
    path = f"/jobs/{job}/photos/{grant['photo_id']}"

    def seen():
        (photo,) = staff.photos(job)
        return photo["phase"], photo["caption"], photo["hidden"]

    for change, expected in (
        ({"phase": "after"}, ("after", "old", False)), ({"caption": "new"}, ("after", "new", False)),
        ({"hidden": True}, ("after", "new", True)), ({}, ("after", "new", True)),
        ({"phase": None, "caption": None}, (None, None, True)), ({"caption": " "}, (None, None, True)),
        ({"hidden": False, "phase": "issue"}, ("issue", None, False)),
    ):
        answer = staff.patch(path, change)
        assert (answer.status_code, answer.content) == (204, b"")
        assert seen() == expected, change


def test_a_photo_may_be_changed_before_its_bytes_arrive(staff, job):
    grant = staff.grant(job)
    staff.good("PATCH", f"/jobs/{job}/photos/{grant['photo_id']}", json={"caption": "coming"})
    assert send_form(grant, PHOTO).status_code == 201
    assert staff.photos(job)[0]["caption"] == "coming"


def test_a_photo_of_another_job_cannot_be_named_through_ones_own(staff, job):
    other = staff.new_job()
    grant = staff.upload(other)
    for call in (staff.delete, lambda path: staff.patch(path, {"hidden": True})):
        answer = call(f"/jobs/{job}/photos/{grant['photo_id']}")
        assert (answer.status_code, answer.json()["code"]) in ((404, "photo_not_found"),)
    assert [photo["hidden"] for photo in staff.photos(other)] == [False]


# Deleting.


def test_a_deleted_photo_is_gone_and_deleting_again_is_fine(server, store, staff, job):
    kept, gone = staff.upload(job), staff.upload(job)
    url = {photo["photo_id"]: photo["url"] for photo in staff.photos(job)}[gone["photo_id"]]
    path = f"/jobs/{job}/photos/{gone['photo_id']}"
    for _ in range(2):
        assert staff.delete(path).status_code == 204
    assert ids(staff.photos(job)) == [kept["photo_id"]]
    assert not exists(store, server, gone["key"])
    assert refusal(requests.get(url, timeout=10)) == (404, "NoSuchKey")
    assert staff.patch(path, {"hidden": True}).status_code == 404


def test_a_deleted_photo_whose_form_is_sent_again_stays_away_and_is_removed_again(server, store, staff, job):
    grant = staff.upload(job, body=PHOTO)
    staff.good("DELETE", f"/jobs/{job}/photos/{grant['photo_id']}")
    assert send_form(grant, PHOTO).status_code == 201
    assert exists(store, server, grant["key"])
    assert staff.photos(job) == []
    wait_until(lambda: not exists(store, server, grant["key"]))
    assert staff.photos(job) == []


def test_a_grant_that_is_deleted_before_its_bytes_arrive_is_never_listed(server, store, staff, job):
    grant = staff.grant(job)
    staff.good("DELETE", f"/jobs/{job}/photos/{grant['photo_id']}")
    assert send_form(grant, PHOTO).status_code == 201
    assert staff.photos(job) == []
    wait_until(lambda: not exists(store, server, grant["key"]))


# Objects of older tools.

LEGACY = [
    "IMG_0001.jpg", "IMG 2 (1).jpg", "ü é+&.jpg", "deep/er/one.jpg", "..", "a%2Fb.jpg", "📷.jpg", "zz?#;.jpg",
    "{x}.jpg",
]


@pytest.fixture
def legacy(server, store, job):
    """Objects as an older tool left them, the folder mark of a file manager among them."""
    for name in LEGACY:
        key = f"jobs/{job}/photos/{name}"
        store.put_object(Bucket=server.bucket, Key=key, Body=name.encode(), ContentType="image/jpeg")
    store.put_object(Bucket=server.bucket, Key=f"jobs/{job}/photos/")
    store.put_object(Bucket=server.bucket, Key=f"jobs/{job}/notes.txt", Body=b"not a photo")
    return sorted(LEGACY, key=str.encode)


def test_objects_of_older_tools_are_listed_by_their_file_name(server, staff, job, legacy):
    photos = staff.photos(job)
    assert ids(photos) == legacy
    for photo in photos:
        assert photo["name"] == photo["photo_id"].rsplit("/", 1)[-1]
        assert photo["size"] == len(photo["photo_id"].encode())
        assert (photo["status"], photo["hidden"]) == ("processing", False)
    for photo in photos:
        path = f"/jobs/{job}/photos/{path_segment(photo['photo_id'])}"
        one = unnormalised(server.api, "GET", path, staff.headers).json()
        assert [one[field] for field in ("photo_id", "name", "size")] == [photo[field] for field in ("photo_id", "name", "size")]
        if photo["photo_id"] != "..":  # Which no client of HTTP asks for as it is written.
            assert requests.get(photo["url"], timeout=10).content == photo["photo_id"].encode(), photo["photo_id"]
    assert ids(staff.photos(job, limit=3)) == legacy[:3]


def test_objects_of_older_tools_can_be_changed_hidden_and_deleted(server, store, staff, job, legacy):
    customer = Caller(server, server.application_key, staff.new_link(job, "customer")["token"])
    for number, photo_id in enumerate(legacy):
        path = f"/jobs/{job}/photos/{path_segment(photo_id)}"
        if photo_id == "..":  # A client of HTTP resolves it away before it asks.
            continue
        staff.good("PATCH", path, json={"caption": str(number), "phase": "after", "hidden": True})
        (photo,) = [photo for photo in staff.photos(job) if photo["photo_id"] == photo_id]
        assert (photo["caption"], photo["phase"], photo["hidden"]) == (str(number), "after", True)
        assert photo_id not in ids(customer.photos(job))
        staff.good("DELETE", path)
        assert photo_id not in ids(staff.photos(job))
        assert not exists(store, server, f"jobs/{job}/photos/{photo_id}")
    assert ids(staff.photos(job)) == [".."]
    assert customer.settled(job) == []
    answer = unnormalised(server.api, "DELETE", f"/jobs/{job}/photos/..", staff.headers)
    assert answer.status_code == 204 and staff.photos(job) == []


def test_an_older_tool_may_use_the_name_of_a_deleted_photo_again(server, store, staff, job):
    named = {"Bucket": server.bucket, "Key": f"jobs/{job}/photos/IMG_0001.jpg"}
    store.put_object(**named, Body=b"one")
    staff.good("PATCH", f"/jobs/{job}/photos/IMG_0001.jpg", json={"hidden": True})
    staff.good("DELETE", f"/jobs/{job}/photos/IMG_0001.jpg")
    store.put_object(**named, Body=b"another")
    assert [(photo["size"], photo["hidden"]) for photo in staff.photos(job)] == [(7, False)]


def test_a_part_of_a_file_name_names_no_photo(staff, job, legacy):
    for photo_id in ("IMG", "IMG_0001", "IMG_0001.jpg2", "deep", "deep/", "deep/er", "", "/"):
        answer = staff.patch(f"/jobs/{job}/photos/{path_segment(photo_id)}", {"hidden": True})
        assert answer.status_code == 404, photo_id
    assert not any(photo["hidden"] for photo in staff.photos(job))


def test_a_strangers_object_under_the_id_of_a_photo_takes_nothing_from_it(server, store, staff, job):
    grant = staff.upload(job, "a.jpg", caption="ours")
    stranger = f"jobs/{job}/photos/{grant['photo_id']}-stranger.jpg"
    store.put_object(Bucket=server.bucket, Key=stranger, Body=b"stranger")
    by_id = {photo["photo_id"]: photo for photo in staff.photos(job)}
    assert set(by_id) == {grant["photo_id"], f"{grant['photo_id']}-stranger.jpg"}
    assert by_id[grant["photo_id"]]["caption"] == "ours"
    staff.good("DELETE", f"/jobs/{job}/photos/{grant['photo_id']}")
    assert exists(store, server, stranger)


# Links and jobs, as far as the contract fixes them.


def test_a_job_may_have_the_callers_own_id(staff):
    job_id = unique("Own_id")
    assert staff.new_job(job_id=job_id) == job_id
    answer = staff.post("/jobs", {"customer_id": staff.new_customer(), "title": "T", "job_id": job_id})
    assert (answer.status_code, answer.json()["field"]) == (409, "job_id")
    answer = staff.post("/jobs", {"customer_id": "nobody", "title": "T"})
    assert answer.status_code in (400, 404) and answer.json()["field"] == "customer_id"


def test_jobs_are_searched_and_paged_without_loss(staff):
    word = unique("search")
    customer_id = staff.new_customer(name=f"Customer of {word}")
    jobs = [staff.new_job(customer_id, title=f"{word} {number}", address="Elm Street 5") for number in range(23)]
    found, cursor = [], {}
    while True:
        page = staff.good("GET", "/jobs", params={"q": f"{word} elm", "limit": 5, **cursor})
        found += [job["job_id"] for job in page["jobs"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert sorted(found) == sorted(jobs) and len(found) == len(set(found))
    for nothing in ("%", "_", "'", '"', "\\", word + "x"):
        assert staff.good("GET", "/jobs", params={"q": f"{word} {nothing}"})["jobs"] == [], nothing
    staff.good("PATCH", f"/jobs/{jobs[0]}", json={"status": "done"})
    done = staff.good("GET", "/jobs", params={"q": word, "status": "done"})["jobs"]
    assert [job["job_id"] for job in done] == [jobs[0]]


def test_the_photo_count_of_a_job_follows_its_photos(staff, job):
    grants = [staff.upload(job) for _ in range(3)]
    staff.grant(job)
    staff.photos(job)
    wait_until(lambda: staff.good("GET", f"/jobs/{job}")["photo_count"] == 3)
    staff.good("DELETE", f"/jobs/{job}/photos/{grants[0]['photo_id']}")
    assert staff.good("GET", f"/jobs/{job}")["photo_count"] == 2


@pytest.mark.embedded
def test_everything_outlives_a_restart(tmp_path):
    server = Server(tmp_path).start()
    staff, job = callers.staff(server), server.ready["sample_job_id"]
    grant, unsent = staff.upload(job, caption="kept"), staff.grant(job)
    link, old = staff.new_link(job, "crew"), dict(server.ready)
    assert server.stop() == 0
    server.start()
    try:
        for name in ("access_key_id", "secret_access_key", "application_key"):
            assert server.ready[name] == old[name]
        crew = Caller(server, server.application_key, link["token"])
        (photo,) = crew.photos(job)
        assert (photo["photo_id"], photo["caption"]) == (grant["photo_id"], "kept")
        moved = unsent | {"url": unsent["url"].replace(old["store"], server.store)}
        assert send_form(moved, PHOTO).status_code == 201
        assert len(all_keys(client(server), server.bucket, f"jobs/{job}/")) == 2
        for path in (server.folder / "ready.json", server.data / "keys.json"):
            assert path.stat().st_mode & 0o777 == 0o600
    finally:
        assert server.stop() == 0


def with_link(server, staff, job, role):
    return Caller(server, server.application_key, staff.new_link(job, role)["token"])


def test_a_photo_that_the_bucket_has_lost_is_listed_as_missing_for_staff_only(server, store, staff, job):
    grants = [staff.upload(job, f"{number}.jpg") for number in range(3)]
    staff.settled(job)
    lost = grants[1]
    store.delete_object(Bucket=server.bucket, Key=lost["key"])
    statuses = {photo["photo_id"]: photo["status"] for photo in staff.photos(job)}
    assert statuses == {grant["photo_id"]: "missing" if grant is lost else "ready" for grant in grants}
    (missing,) = [photo for photo in staff.photos(job) if photo["status"] == "missing"]
    assert (missing["name"], missing["hidden"]) == ("1.jpg", False)
    for role in ("crew", "customer"):
        ids = [photo["photo_id"] for photo in with_link(server, staff, job, role).photos(job)]
        assert ids == [grant["photo_id"] for grant in grants if grant is not lost], role
    # A phone that asks for its own photo is not told that it is safe.
    assert staff.get(f"/jobs/{job}/photos/{lost['photo_id']}").status_code == 404
    # Page after page, each photo once and in its place.
    for limit in (1, 2, 3):
        paged, cursor = [], None
        while True:
            page = staff.good("GET", "/list_photos", params={"job_id": job, "limit": limit, "cursor": cursor})
            assert len(page["photos"]) <= limit
            paged += [photo["photo_id"] for photo in page["photos"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert paged == [grant["photo_id"] for grant in grants], limit
    # What is deleted is not missing.
    assert staff.delete(f"/jobs/{job}/photos/{lost['photo_id']}").status_code == 204
    assert "missing" not in [photo["status"] for photo in staff.photos(job)]


def test_a_job_whose_bucket_has_lost_everything_is_not_shown_as_empty(server, store, staff, job):
    grants = [staff.upload(job, f"{number}.jpg") for number in range(2)]
    staff.settled(job)
    for grant in grants:
        store.delete_object(Bucket=server.bucket, Key=grant["key"])
    assert [photo["status"] for photo in staff.photos(job)] == ["missing", "missing"]


def test_an_object_with_an_id_of_ours_and_no_record_is_hidden_from_customers(server, store, staff, job):
    key = f"jobs/{job}/photos/01ARZ3NDEKTSV4RRFFQ69G5FAV-lost.jpg"
    store.put_object(Bucket=server.bucket, Key=key, Body=photo_bytes("lost"), ContentType="image/jpeg")
    customer = with_link(server, staff, job, "customer")
    # Before and after a listing has made a record of it, and once it has renditions.
    assert customer.photos(job) == []
    assert [photo["hidden"] for photo in staff.settled(job)] == [True]
    assert customer.photos(job) == []
    (photo,) = staff.photos(job)
    assert staff.patch(f"/jobs/{job}/photos/{photo['photo_id']}", json={"hidden": False}).status_code == 204
    assert len(customer.photos(job)) == 1

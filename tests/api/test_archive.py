"""All photos of a job as one ZIP file: what is in it for whom, how it is named, and what happens when something goes wrong."""

import concurrent.futures
import hashlib
import io
import re
import time
import zipfile
from urllib.parse import quote, unquote

import pytest
import requests
from support import caller as callers
from support.caller import GREY, Caller, photo_bytes, send_form, unique
from support.faces import Server
from test_renditions import assert_says_nothing, read


def archive(caller, job, **rest):
    """A whole archive whose every CRC is right."""
    answer = caller.get(f"/jobs/{job}/photos.zip", **rest)
    assert answer.status_code == 200, answer.text[:500]
    assert answer.headers["Content-Type"] == "application/zip"
    opened = zipfile.ZipFile(io.BytesIO(answer.content))
    assert opened.testzip() is None
    return opened


def contents(opened):
    return {entry.filename: opened.read(entry) for entry in opened.infolist()}


def link(server, staff, job, role, **fields):
    return Caller(server, server.application_key, staff.new_link(job, role, **fields)["token"])


def test_staff_get_every_original_with_its_name_and_time(staff, job):
    bodies = {"front door.jpg": photo_bytes("a"), "Küche 📷.jpg": photo_bytes("b"), "broken.jpg": b"no photo"}
    for name, body in bodies.items():
        staff.upload(job, name, body, taken_at="2026-05-04T09:30:06Z")
    hidden = staff.upload(job, "hidden.jpg", photo_bytes("hidden"))
    staff.good("PATCH", f"/jobs/{job}/photos/{hidden['photo_id']}", json={"hidden": True})
    staff.settled(job)
    opened = archive(staff, job)
    assert contents(opened) == bodies | {"hidden.jpg": photo_bytes("hidden")}
    for entry in opened.infolist():
        assert entry.compress_type == zipfile.ZIP_STORED and entry.flag_bits & 0x08
        assert entry.flag_bits & 0x800 or entry.filename.isascii(), "UTF-8 is not marked"
        assert (entry.external_attr >> 16) & 0o777 == 0o644
        # The extended timestamp (0x5455): its length, a flag for the time of modification, seconds of UTC.
        extra = entry.extra[entry.extra.index(b"UT") :]
        seconds = int.from_bytes(extra[5:9], "little")
        if entry.filename == "hidden.jpg":
            assert abs(seconds - time.time()) < 60
        else:
            assert seconds == 1_777_887_006


def test_an_archives_clock_is_that_of_the_business(tmp_path):
    server = Server(tmp_path, "--time-zone", "America/Chicago", "--photo-workers", "0").start()
    try:
        staff, job = callers.staff(server), server.ready["sample_job_id"]
        for taken_at in ("2026-05-04T09:30:06Z", "1979-12-31T00:00:00Z", "2200-01-01T00:00:00Z"):
            staff.upload(job, f"{taken_at[:4]}.jpg", taken_at=taken_at)
        times = {entry.filename: entry.date_time for entry in archive(staff, job).infolist()}
        nothing = (1980, 1, 1, 0, 0, 0)
        assert times == {"2026.jpg": (2026, 5, 4, 4, 30, 6), "1979.jpg": nothing, "2200.jpg": nothing}
    finally:
        assert server.stop() == 0


def test_names_are_unique_and_safe_on_every_system(server, staff, job):
    given = [
        "image.jpg", "image.jpg", "IMAGE.JPG", "image (2).jpg", "../../etc/passwd.jpg", "a\\b:c*?.jpg", "con.jpg", "LPT1",
        ".hidden.jpg", "dots...", "\u202egpj.exe", "é" * 300 + ".jpg", " ", "no ending", "line\u2028end.jpg", "${x}.jpg",
    ]
    for name in given:
        staff.upload(job, name if name.strip() else "..", GREY, content_type="image/jpeg")
    names = archive(staff, job).namelist()
    assert len(names) == len(given)
    assert {"image.jpg", "image (2).jpg", "IMAGE (3).JPG", "image (2) (2).jpg", "_con.jpg", "_LPT1.jpg"} <= set(names)
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert not re.search(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u2028\u202e]', name), ascii(name)
        assert not name.startswith(".") and not name.endswith((".", " ")) and len(name.encode()) < 256, ascii(name)
        stem = name.split(".")[0].upper()
        assert stem not in {"CON", "PRN", "AUX", "NUL"} and not re.fullmatch(r"(COM|LPT)[0-9¹²³]", stem), name
        assert name.lower().endswith((".jpg", ".jpeg")), ascii(name)


def test_a_customer_gets_the_copies_without_metadata_and_nothing_hidden(server, staff, job):
    names = ["orientation-1.jpg", "time-offset-ahead.jpg", "large.jpg"]
    for name in names:
        staff.upload(job, name, read(name))
    staff.upload(job, "gps.heic", read("gps.heic"))
    hidden = staff.upload(job, "hidden.jpg", read("large.jpg"))
    staff.upload(job, "broken.jpg", b"no photo")
    staff.good("PATCH", f"/jobs/{job}/photos/{hidden['photo_id']}", json={"hidden": True})
    staff.settled(job)
    for caller in (link(server, staff, job, "customer"), link(server, staff, job, "customer", may_upload=True)):
        found = contents(archive(caller, job))
        assert set(found) == {*names, "gps.jpg"}
        for name, body in found.items():
            assert_says_nothing(name, body)
        shown = {photo["name"]: requests.get(photo["display_url"], timeout=10).content for photo in caller.photos(job)}
        assert {name: found[name] for name in names} == {name: shown[name] for name in names}


def test_crew_get_their_own_originals_and_copies_of_others(server, staff, job):
    crew = link(server, staff, job, "crew")
    own, other = photo_bytes("own"), photo_bytes("other")
    crew.upload(job, "own.jpg", own)
    staff.upload(job, "other.jpg", other)
    crew.upload(job, "broken.jpg", b"no photo")
    staff.upload(job, "others broken.jpg", b"no photo")
    staff.settled(job)
    found = contents(archive(crew, job))
    assert set(found) == {"own.jpg", "other.jpg", "broken.jpg"}
    assert found["own.jpg"] == own and found["other.jpg"] != other
    assert_says_nothing("other.jpg", found["other.jpg"])


def test_a_job_without_photos_is_an_empty_archive(staff, job):
    assert archive(staff, job).namelist() == []


def test_the_file_is_named_after_the_job(staff):
    job = staff.new_job(title='Küche "räumen" / 50% ')
    disposition = staff.get(f"/jobs/{job}/photos.zip").headers["Content-Disposition"]
    name = 'Küche _räumen_ _ 50%.zip'
    assert disposition == f"attachment; filename=\"K_che _r_umen_ _ 50_.zip\"; filename*=UTF-8''{encoded(name)}"
    assert unquote(disposition.rsplit("''", 1)[1]) == name


def encoded(text):
    return "".join(letter if letter.isascii() and letter.isalnum() else quote(letter, safe="") for letter in text).replace(
        "_", "%5F").replace(".", "%2E")


# By a navigation.


def navigate(server, token, target):
    """As a browser follows a link: the session's cookie, no headers of a page's own."""
    browser = Caller(server)
    signed_in = Caller(server, server.application_key, token).post("/session")
    browser.session.cookies.update(signed_in.cookies)
    return browser.get(target)


def test_a_browser_downloads_by_cookie_with_the_pages_key_in_the_query(server, staff, job):
    staff.upload(job)
    path, key = f"/jobs/{job}/photos.zip", server.application_key
    token = staff.new_link(job, "crew")["token"]
    assert navigate(server, token, f"{path}?application_key={key}&role=crew").status_code == 200
    assert navigate(server, token, f"{path}?application_key={key}").status_code == 200
    for query, status, code in (
        (f"application_key={key}&role=staff", 401, "token_missing"), ("role=crew", 401, "application_key_missing"),
        ("application_key=x&role=crew", 401, "application_key_unknown"), (f"application_key={key}&role=boss", 400, "invalid_field"),
        ("application_key=%0d%0a", 400, "invalid_field"), (f"application_key={key}&evil=1", 400, "invalid_field"),
        (f"application_key={key}&application_key={key}", 400, "invalid_field"),
    ):
        answer = navigate(server, token, f"{path}?{query}")
        assert (answer.status_code, answer.json()["code"]) == (status, code), query
    assert Caller(server).get(f"{path}?application_key={key}&role=crew").status_code == 401
    assert key not in server.log()


def test_a_secret_key_in_a_url_is_refused(server, staff, job):
    secret = server.add_key(unique("secret"), "--role", "staff")
    path = f"/jobs/{job}/photos.zip"
    assert Caller(server, secret).get(path).status_code == 200
    for headers in ({}, {"Authorization": f"Bearer {server.tokens['staff']}"}):
        answer = Caller(server).get(f"{path}?application_key={secret}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "application_key_secret")
    answer = staff.get(f"{path}?application_key={server.application_key}")
    assert (answer.status_code, answer.json()["field"]) == (400, "application_key")
    # On no other address is the key taken from the query.
    answer = Caller(server).get(f"/list_photos?job_id={job}&application_key={server.application_key}")
    assert answer.status_code == 401


# Many, and trouble.


def memory(server, field):
    status = (server.process_folder / "status").read_text()
    return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) << 10


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A server with a job of 300 photos of a megabyte each."""
    server = Server(tmp_path_factory.mktemp("large"), "--photo-workers", "0").start()
    staff = callers.staff(server)
    job, digests = staff.new_job(), {}
    wishes = [{"photo_name": "image.jpg"} for _ in range(100)]
    uploads = [
        upload for _ in range(3)
        for upload in staff.good("POST", "/upload-url", json={"job_id": job, "photos": wishes})["uploads"]
    ]

    def send(pair):
        number, upload = pair
        body = photo_bytes(number, 1 << 20)
        assert send_form(upload, body).status_code == 201
        return hashlib.sha256(body).hexdigest()

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        digests = list(pool.map(send, enumerate(uploads)))
    yield server, staff, job, digests, uploads
    assert server.stop() == 0
    assert "panicked" not in server.log()


def test_300_photos_come_whole_in_constant_memory(large, tmp_path):
    server, staff, job, digests, _ = large
    archive(staff, server.ready["sample_job_id"])  # So that what is made once is there.
    (server.process_folder / "clear_refs").write_text("5")
    before = memory(server, "VmRSS")
    began = time.monotonic()
    with staff.get(f"/jobs/{job}/photos.zip", stream=True) as answer, (tmp_path / "a.zip").open("wb") as file:
        for chunk in answer.iter_content(1 << 20):
            file.write(chunk)
    took, peak = time.monotonic() - began, memory(server, "VmHWM")
    print(f"{(tmp_path / 'a.zip').stat().st_size >> 20} MiB in {took:.1f} s, {(peak - before) >> 10} KiB more at the most")
    assert peak - before < 24 << 20
    with zipfile.ZipFile(tmp_path / "a.zip") as opened:
        assert opened.testzip() is None
        found = {entry.filename: hashlib.sha256(opened.read(entry)).hexdigest() for entry in opened.infolist()}
    assert sorted(found.values()) == sorted(digests)
    assert set(found) == {"image.jpg", *(f"image ({number}).jpg" for number in range(2, 301))}


def open_files(server):
    return len(list((server.process_folder / "fd").iterdir()))


def test_a_client_who_leaves_stops_it(large):
    server, staff, job, digests, _ = large
    before = open_files(server)
    for _ in range(20):  # More than may be sent at once.
        with staff.get(f"/jobs/{job}/photos.zip", stream=True) as answer:
            assert answer.status_code == 200
            next(answer.iter_content(100_000))
            answer.raw.close()
    until = time.monotonic() + 10
    while open_files(server) > before + 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert open_files(server) <= before + 2


def test_too_many_at_once_are_refused(large):
    server, staff, job, _, _ = large
    answers = [staff.get(f"/jobs/{job}/photos.zip", stream=True) for _ in range(17)]
    try:
        assert [answer.status_code for answer in answers] == [200] * 16 + [503]
        problem = answers[-1].json()
        assert problem["code"] == "too_many_archives" and int(answers[-1].headers["Retry-After"]) > 0
        assert staff.get("/jobs").status_code == 200
    finally:
        for answer in answers:
            answer.raw.close()


def test_a_photo_that_vanishes_meanwhile_is_left_out(large):
    server, staff, job, digests, uploads = large
    answer = staff.get(f"/jobs/{job}/photos.zip", stream=True)
    received = answer.raw.read(1 << 20)
    # One of the page that is listed already, one of a later page.
    for number in (199, 299):
        staff.good("DELETE", f"/jobs/{job}/photos/{uploads[number]['photo_id']}")
    received += answer.raw.read()
    with zipfile.ZipFile(io.BytesIO(received)) as opened:
        assert opened.testzip() is None
        found = {hashlib.sha256(opened.read(entry)).hexdigest() for entry in opened.infolist()}
    assert found == set(digests) - {digests[199], digests[299]}


def test_an_error_of_storage_breaks_the_connection(tmp_path):
    """Half of the photos must never look like all of them."""
    server = Server(tmp_path, "--photo-workers", "0").start()
    try:
        staff, job = callers.staff(server), server.ready["sample_job_id"]
        for number in range(6):
            staff.upload(job, f"{number}.jpg", photo_bytes(number, 300_000))
        damaged = max(path for path in (server.data / "store" / "buckets").rglob("*") if path.stat().st_size > 300_000)
        with open(damaged, "r+b") as file:
            file.truncate(150_000)
        with staff.get(f"/jobs/{job}/photos.zip", stream=True) as answer:
            assert answer.status_code == 200
            received = b""
            with pytest.raises(requests.exceptions.ChunkedEncodingError):
                for chunk in answer.iter_content(10_000):
                    received += chunk
        with pytest.raises(zipfile.BadZipFile):
            zipfile.ZipFile(io.BytesIO(received))
        assert "an archive of photos ends early" in server.log()
        assert staff.get("/jobs").status_code == 200
    finally:
        assert server.stop() == 0


def test_an_archive_names_the_photos_whose_originals_are_lost(server, store, staff, job):
    lost, kept = (staff.upload(job, name) for name in ("lost.jpg", "kept.jpg"))
    staff.settled(job)
    store.delete_object(Bucket=server.bucket, Key=lost["key"])
    entries = contents(archive(staff, job))
    assert set(entries) == {"lost.jpg", "kept.jpg", "MISSING PHOTOS.txt"}, "the copy for screens is better than nothing"
    said = entries["MISSING PHOTOS.txt"].decode()
    assert f"lost.jpg (photo {lost['photo_id']})" in said and "kept.jpg" not in said
    assert set(contents(archive(link(server, staff, job, "customer"), job))) == {"kept.jpg"}

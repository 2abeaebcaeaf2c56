"""Granting and uploading photos: what the contract promises, seen from outside."""

import base64
import concurrent.futures
import datetime
import hashlib
import json
import re
import time

import pytest
import requests
from support import caller as callers
from support.caller import Caller, photo_bytes, send_form, send_put, time_of, unique
from support.s3 import all_keys, refusal
from support.faces import Server

ULID = r"[0-7][0-9A-HJKMNP-TV-Z]{25}"
PHOTO = photo_bytes("uploads", 4_000)


def ids(photos):
    return [photo["photo_id"] for photo in photos]


# The grant.


def test_url_and_fields_are_as_boto3_gives_them(server, store, staff, job):
    """Same names, same order, same values but those that depend on the moment."""
    grant = staff.grant(job, size=len(PHOTO))
    theirs = store.generate_presigned_post(
        server.bucket, grant["key"], Fields={"Content-Type": "image/jpeg", "success_action_status": "201"},
        Conditions=[
            {"Content-Type": "image/jpeg"}, {"success_action_status": "201"},
            ["content-length-range", len(PHOTO), len(PHOTO)],
        ],
    )
    assert grant["url"] == theirs["url"] and grant["method"] == "POST" and "headers" not in grant
    assert list(grant["fields"]) == list(theirs["fields"])
    moment = {"x-amz-date", "policy", "x-amz-signature"}
    assert {name: value for name, value in grant["fields"].items() if name not in moment} == {
        name: value for name, value in theirs["fields"].items() if name not in moment
    }

    def conditions(fields):
        policy = json.loads(base64.b64decode(fields["policy"]))
        assert set(policy) == {"expiration", "conditions"}
        return sorted(json.dumps(one) for one in policy["conditions"] if "x-amz-date" not in one)

    assert conditions(grant["fields"]) == conditions(theirs["fields"])


def test_the_key_is_the_servers_and_nobody_elses(staff, job):
    grant = staff.grant(job, "image.jpg")
    assert re.fullmatch(ULID, grant["photo_id"])
    assert grant["key"] == f"jobs/{job}/photos/{grant['photo_id']}-image.jpg" == grant["fields"]["key"]


@pytest.mark.parametrize(
    "name",
    [
        "${filename}", "a/b/../../etc/passwd.jpg", "..\\..\\x.jpg", "..", "/", "a\x00b.jpg", "line\r\nend.jpg",
        "\u202egpj.exe", "📷 写真.jpg", "ünï çødé.jpg", "<script>.jpg", "'\"`;|&$(x).jpg", "%2e%2e%2f.jpg", "a" * 300,
        "b" * 296 + ".jpg", "📷" * 300, ".htaccess", "con.jpg", "-rf.jpg", " . ", "a" * 1_024,
    ],
    ids=ascii,
)
def test_a_name_of_any_characters_is_harmless(server, store, staff, job, name):
    grant = staff.upload(job, name, PHOTO, content_type="image/jpeg")
    prefix = f"jobs/{job}/photos/{grant['photo_id']}-"
    assert grant["key"].startswith(prefix)
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}", grant["key"].removeprefix(prefix))
    assert all_keys(store, server.bucket, f"jobs/{job}/") == [grant["key"]]
    (photo,) = staff.photos(job)
    assert photo["name"] == re.sub(r"[\x00-\x1f\x7f]", "", name).strip()
    assert requests.get(photo["url"], timeout=10).content == PHOTO


def test_two_phones_that_both_send_image_jpg_never_overwrite_one_another(server, store, staff, job):
    bodies = [photo_bytes("one"), photo_bytes("two")]
    grants = [staff.upload(job, "image.jpg", body) for body in bodies]
    assert grants[0]["key"] != grants[1]["key"]
    for grant, body in zip(grants, bodies, strict=True):
        assert store.get_object(Bucket=server.bucket, Key=grant["key"])["Body"].read() == body
    assert [photo["name"] for photo in staff.photos(job)] == ["image.jpg", "image.jpg"]


def test_the_type_follows_from_the_name_when_nobody_says_it(staff, job):
    for name, kind in (
        ("a.JPG", "image/jpeg"), ("a.jpeg", "image/jpeg"), ("a.png", "image/png"), ("a.HEIC", "image/heic"),
        ("a.heif", "image/heif"), ("a.webp", "image/webp"), ("a.gif", "image/gif"), ("a.avif", "image/avif"),
    ):
        assert staff.grant(job, name)["fields"]["Content-Type"] == kind
    for name in ("no ending", "a.", "jpg"):  # As phones and shortcuts send, and what they send is JPEG.
        assert staff.grant(job, name)["fields"]["Content-Type"] == "image/jpeg"
    assert staff.grant(job, "no ending", content_type="image/png")["fields"]["Content-Type"] == "image/png"


# Idempotency.


def test_the_same_idempotency_key_is_the_same_upload(staff, job):
    wish = {"size": len(PHOTO), "idempotency_key": unique("phone")}
    first = staff.upload(job, "a.jpg", PHOTO, **wish)
    again = staff.upload(job, "a.jpg", PHOTO, **wish)
    assert (again["photo_id"], again["key"]) == (first["photo_id"], first["key"])
    assert ids(staff.photos(job)) == [first["photo_id"]]


def test_an_idempotency_key_used_for_other_bytes_is_refused(staff, job):
    key = unique("phone")
    first = staff.grant(job, size=10, idempotency_key=key)
    digest = hashlib.sha256(b"x").hexdigest()
    for change in (
        {"size": 11}, {"size": None}, {"sha256": digest}, {"content_type": "image/png"}, {"photo_name": "b.jpg"},
    ):
        wish = {"job_id": job, "photo_name": "image.jpg", "size": 10, "idempotency_key": key} | change
        answer = staff.post("/upload-url", wish)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (409, "idempotency_key_reused"), change
        assert problem["field"] == "idempotency_key"
    photos = [{"photo_name": "b.jpg"}, {"photo_name": "a.jpg", "size": 9, "idempotency_key": key}]
    answer = staff.post("/upload-url", {"job_id": job, "photos": photos})
    assert (answer.status_code, answer.json()["field"]) == (409, "photos[1].idempotency_key")
    assert staff.grant(job, size=10, idempotency_key=key)["photo_id"] == first["photo_id"]


def test_an_idempotency_key_belongs_to_its_job_and_its_caller(server, staff, job):
    key = unique("phone")
    crew = Caller(server, server.application_key, staff.new_link(job, "crew")["token"])
    grants = [
        staff.grant(job, idempotency_key=key), staff.grant(staff.new_job(), idempotency_key=key),
        crew.grant(job, idempotency_key=key),
    ]
    assert len({grant["photo_id"] for grant in grants}) == 3


def test_a_phone_that_asks_many_times_at_once_gets_one_upload(staff, job):
    key = unique("phone")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        grants = list(pool.map(lambda _: staff.grant(job, idempotency_key=key), range(16)))
    assert len({grant["photo_id"] for grant in grants}) == 1


def test_an_upload_whose_photo_was_deleted_is_not_granted_again(staff, job):
    key = unique("phone")
    grant = staff.upload(job, idempotency_key=key)
    staff.good("DELETE", f"/jobs/{job}/photos/{grant['photo_id']}")
    answer = staff.post("/upload-url", {"job_id": job, "photo_name": "image.jpg", "idempotency_key": key})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (410, "photo_deleted", "idempotency_key")


# Several at once.


def test_100_photos_are_granted_in_their_order_and_each_can_be_sent(staff, job):
    bodies = [photo_bytes(number, 500 + number) for number in range(100)]
    wishes = [
        {"photo_name": f"{number:03}.jpg", "size": len(body), "phase": "before", "idempotency_key": f"p{number}"}
        for number, body in enumerate(bodies)
    ]
    answer = staff.good("POST", "/upload-url", json={"job_id": job, "photos": wishes})
    assert list(answer) == ["uploads"]
    uploads = answer["uploads"]
    assert [upload["key"].rsplit("-", 1)[1] for upload in uploads] == [wish["photo_name"] for wish in wishes]
    assert len({upload["photo_id"] for upload in uploads}) == 100
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda pair: send_form(*pair).status_code, zip(uploads, bodies, strict=True))) == {201}
    photos = {photo["photo_id"]: photo for photo in staff.photos(job)}
    assert [photos[upload["photo_id"]]["size"] for upload in uploads] == [len(body) for body in bodies]
    again = staff.good("POST", "/upload-url", json={"job_id": job, "photos": wishes})["uploads"]
    assert ids(again) == ids(uploads)


def test_one_photo_in_a_list_is_answered_with_a_list(staff, job):
    answer = staff.good("POST", "/upload-url", json={"job_id": job, "photos": [{"photo_name": "a.jpg"}]})
    assert [upload["method"] for upload in answer["uploads"]] == ["POST"]


# PUT.


@pytest.fixture
def put_grant(staff, job):
    digest = hashlib.sha256(PHOTO).hexdigest()
    return staff.grant(job, method="PUT", size=len(PHOTO), sha256=digest)


def test_a_put_works_with_exactly_the_headers_given(server, store, staff, job, put_grant):
    assert put_grant["method"] == "PUT" and "fields" not in put_grant
    headers = {name.lower(): value for name, value in put_grant["headers"].items()}
    assert headers == {
        "content-length": str(len(PHOTO)), "content-type": "image/jpeg", "if-none-match": "*",
        "x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(PHOTO).digest()).decode(),
    }
    answer = send_put(put_grant, PHOTO)
    assert answer.status_code == 200, answer.text
    assert store.get_object(Bucket=server.bucket, Key=put_grant["key"])["Body"].read() == PHOTO
    assert ids(staff.photos(job)) == [put_grant["photo_id"]]
    assert send_put(put_grant, PHOTO).status_code == 200


def test_a_put_with_other_headers_another_size_or_other_bytes_is_refused(server, store, job, staff, put_grant):
    headers = put_grant["headers"]
    by_name = {name.lower(): name for name in headers}

    def attempt(body=PHOTO, **changes):
        changed = dict(headers)
        for name, value in changes.items():
            name = by_name.get(name.replace("_", "-"), name.replace("_", "-"))
            changed[name] = value
            if value is None:
                del changed[name]
        return refusal(send_put(put_grant, body, changed))

    for refused in (
        attempt(content_type="text/html"), attempt(content_type=None), attempt(if_none_match=None),
        attempt(if_none_match='"x"'), attempt(x_amz_checksum_sha256="A" * 43 + "="),
        attempt(x_amz_checksum_sha256=None), attempt(x_amz_meta_evil="1"), attempt(x_amz_acl="public-read"),
        attempt(x_amz_copy_source="/b/k"), attempt(PHOTO[:-1], content_length=str(len(PHOTO) - 1)),
        attempt(PHOTO + b"x", content_length=str(len(PHOTO) + 1)),
    ):
        assert refused[0] == 403, refused
    assert attempt(bytes(reversed(PHOTO)))[0] == 400
    moved = dict(put_grant, url=put_grant["url"].replace(".jpg?", ".png?"))
    assert refusal(send_put(moved, PHOTO)) == (403, "SignatureDoesNotMatch")
    assert all_keys(store, server.bucket, f"jobs/{job}/") == [] and server.staged_files() == []
    without_hash = staff.grant(job, method="PUT", size=len(PHOTO))
    assert send_put(without_hash, PHOTO).status_code == 200
    assert refusal(send_put(without_hash, bytes(reversed(PHOTO)))) == (412, "PreconditionFailed")
    assert store.get_object(Bucket=server.bucket, Key=without_hash["key"])["Body"].read() == PHOTO


# Time.


def test_the_grant_ends_when_it_was_asked_to_and_never_later_than_allowed(staff, job):
    for asked, seconds in ((None, 900), (1, 1), (60, 60), (899, 899), (900, 900), (901, 900), (4_294_967_295, 900)):
        before = datetime.datetime.now(datetime.UTC)
        grant = staff.grant(job, expires_in=asked)
        ends = time_of(grant["expires_at"])
        after = datetime.datetime.now(datetime.UTC)
        slack = datetime.timedelta(seconds=1)
        assert before - slack <= ends - datetime.timedelta(seconds=seconds) <= after
        policy = json.loads(base64.b64decode(grant["fields"]["policy"]))
        assert abs(time_of(policy["expiration"]) - ends) <= slack


def test_an_expired_grant_is_refused_while_an_earlier_longer_one_works(server, store, staff, job):
    long, short = staff.grant(job), staff.grant(job, expires_in=1)
    put = staff.grant(job, method="PUT", size=len(PHOTO), expires_in=1)
    time.sleep(2.2)
    assert refusal(send_form(short, PHOTO)) == (403, "AccessDenied")
    assert refusal(send_put(put, PHOTO)) == (403, "AccessDenied")
    assert send_form(long, PHOTO).status_code == 201
    assert all_keys(store, server.bucket, f"jobs/{job}/") == [long["key"]]


def test_the_operators_limit_shortens_every_grant(tmp_path):
    server = Server(tmp_path, "--upload-expires-seconds", "2", "--photo-bytes-max", "1000").start()
    try:
        staff, job = callers.staff(server), server.ready["sample_job_id"]
        grant = staff.grant(job, expires_in=600)
        left = time_of(grant["expires_at"]) - datetime.datetime.now(datetime.UTC)
        assert left <= datetime.timedelta(seconds=2)
        assert send_form(grant, bytes(1_000)).status_code == 201
        over = staff.grant(job)
        assert refusal(send_form(over, bytes(1_001))) == (400, "EntityTooLarge")
        answer = staff.post("/upload-url", {"job_id": job, "photo_name": "a.jpg", "size": 1_001})
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (413, "photo_too_large", "size")
        time.sleep(2.5)
        assert refusal(send_form(over, bytes(1_000))) == (403, "AccessDenied")
    finally:
        assert server.stop() == 0

"""What is refused on AWS, by whom, and with which code."""

import base64
import json
import time

import pytest
import requests
from support.aws.edge import Refused
from support.aws.local_copy import KEY_ID
from support.caller import Caller, photo_bytes, send_form
from support.s3 import all_keys, refusal

PHOTO = photo_bytes("refused", 3_000)
BUCKET = "qdn-uploads"


def problem(answer):
    """Status and code of a problem."""
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer.text
    body = answer.json()
    assert body["status"] == answer.status_code and body["request_id"]
    return answer.status_code, body["code"]


# By API Gateway and the function.


def test_without_an_application_key_nothing_is_answered(site, job):
    wish = {"job_id": job, "photo_name": "a.jpg"}
    token = {"Authorization": f"Bearer {site.tokens['staff']}"}
    for headers in (token, token | {"x-api-key": "another-key-that-is-long-enough-0"}):
        answer = requests.post(f"{site.api}/upload-url", json=wish, headers=headers, timeout=30)
        assert problem(answer) == (401, "application_key_unknown")


def test_an_application_key_opens_nothing_alone(site, job):
    assert problem(Caller(site, site.application_key).get("/list_photos", params={"job_id": job})) == (401, "token_missing")
    stranger = Caller(site, site.application_key, "qdn_t_nobodys-token")
    assert problem(stranger.get("/list_photos", params={"job_id": job})) == (401, "token_invalid")


def test_a_job_of_somebody_else_does_not_exist(site, staff, job):
    customer = Caller(site, site.application_key, staff.new_link(job)["token"])
    for other in (staff.new_job(), "no-such-job"):
        assert problem(customer.get("/list_photos", params={"job_id": other})) == (404, "job_not_found")
    assert problem(customer.post("/upload-url", json={"job_id": job, "photo_name": "a.jpg"})) == (403, "forbidden")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"photo_name": "a.jpg", "size": 104_857_601}, "photo_too_large"),
        ({"photo_name": "a.jpg", "content_type": "text/html"}, "invalid_field"),
        ({"photo_name": 7}, "invalid_field"),
        ({}, "invalid_field"),
    ],
)
def test_a_bad_wish_is_told_what_is_wrong(staff, job, wish, code):
    status, found = problem(staff.post("/upload-url", json={"job_id": job, **wish}))
    assert 400 <= status < 500 and found == code, found


def test_a_page_of_another_origin_is_refused(site, staff, job):
    answer = staff.get("/list_photos", params={"job_id": job}, headers={"Origin": "https://evil.example.com"})
    assert problem(answer) == (403, "origin_not_allowed")
    asked = {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "GET"}
    assert "Access-Control-Allow-Origin" not in requests.options(f"{site.api}/list_photos", headers=asked, timeout=30).headers


# By S3, of a form.


def changed(grant, **fields):
    """The form with some of its fields changed; None takes one away."""
    merged = {name.replace("_", "-"): value for name, value in fields.items()}
    merged = {name: value for name, value in (grant["fields"] | merged).items() if value is not None}
    return grant | {"fields": merged}


def resigned(policy, change):
    document = json.loads(base64.b64decode(policy))
    change(document)
    return base64.b64encode(json.dumps(document).encode()).decode()


@pytest.fixture
def grant(staff, job):
    return staff.grant(job, "a.jpg", size=len(PHOTO))


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("bad signature", {403}), ("longer policy", {403}), ("another key", {403}), ("another type", {403}),
        ("no signature", {400, 403}), ("one byte over", {400}), ("one byte short", {400}), ("one more field", {403}),
    ],
)
def test_a_form_that_was_changed_is_refused_and_nothing_is_stored(store, job, grant, name, statuses):
    fields, body = grant["fields"], PHOTO
    wrong = {
        "bad signature": {"x_amz_signature": fields["x-amz-signature"][::-1]},
        "longer policy": {"policy": resigned(fields["policy"], lambda policy: policy.update(expiration="2099-01-01T00:00:00Z"))},
        "another key": {"key": f"jobs/{job}/photos/mine.jpg"},
        "another type": {"Content_Type": "text/html"},
        "no signature": {"x_amz_signature": None},
        "one more field": {"x_amz_meta_more": "a"},
    }.get(name, {})
    body = {"one byte over": PHOTO + b"a", "one byte short": PHOTO[:-1]}.get(name, PHOTO)
    answer = send_form(changed(grant, **wrong), body)
    assert answer.status_code in statuses, answer.text
    refusal(answer)
    assert all_keys(store, BUCKET, f"jobs/{job}/") == []


def test_a_form_is_refused_when_it_has_expired(staff, store, job):
    grant = staff.grant(job, "late.jpg", size=len(PHOTO), expires_in=1)
    time.sleep(2.5)
    assert refusal(send_form(grant, PHOTO)) == (403, "AccessDenied")
    assert all_keys(store, BUCKET, f"jobs/{job}/") == []


def test_a_role_without_the_permission_signs_forms_that_open_nothing(cloud, staff, store, job, grant):
    with cloud.without("qdn-lambda-role", "SignUploads"):
        assert refusal(send_form(grant, PHOTO)) == (403, "AccessDenied")
        assert all_keys(store, BUCKET, f"jobs/{job}/") == []
    assert send_form(grant, PHOTO).status_code == 201


def test_a_role_without_the_permission_to_list_answers_a_problem_and_tells_nothing(cloud, staff, job):
    with cloud.without("qdn-lambda-role", "ListPhotos"):
        answer = staff.get("/list_photos", params={"job_id": job})
        assert problem(answer)[0] in (500, 502, 503)
        assert "AccessDenied" not in answer.text and "arn:" not in answer.text
    assert staff.photos(job) == []


def test_a_photo_waits_while_the_processor_lacks_a_permission_and_is_ready_after(cloud, staff, job):
    with cloud.without("qdn-photo-role", "WriteRenditions"):
        staff.upload(job, "waits.jpg", PHOTO)
        time.sleep(3)
        assert [photo["status"] for photo in staff.photos(job)] == ["processing"]
    assert [photo["status"] for photo in staff.settled(job)] == ["ready"]


# By the edge, of a photo's URL.


def test_the_edge_refuses_what_was_not_signed_for_this_photo(edge, staff, job):
    for name in ("a.jpg", "b.jpg"):
        staff.upload(job, name, PHOTO)
    one, other = (photo["url"] for photo in staff.settled(job))
    assert edge.fetch(one).content == PHOTO
    plain, query = one.split("?")
    expires = query.split("Expires=")[1].split("&")[0]
    for wrong, why in [
        (plain, "no key of the group"),
        (f"{other.split('?')[0]}?{query}", "the signature is another's"),
        (one.replace(f"Expires={expires}", f"Expires={int(expires) + 1}"), "the signature is another's"),
        (one.replace(KEY_ID, "KSOMEBODYELSES"), "no key of the group"),
        (one.replace("&Hash-Algorithm=SHA256", ""), "not signed with SHA-256"),
    ]:
        with pytest.raises(Refused, match=why):
            edge.fetch(wrong)


def test_photos_are_not_in_the_bucket_for_anybody_who_asks_it(cloud, staff, job):
    grant = staff.upload(job, "a.jpg", PHOTO)
    assert requests.get(f"{cloud.url}/{BUCKET}/{grant['key']}", timeout=30).status_code == 403
    assert requests.get(f"{cloud.url}/{BUCKET}?list-type=2", timeout=30).status_code == 403

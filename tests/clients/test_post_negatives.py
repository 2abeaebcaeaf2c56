"""Forms that the store must refuse: each with S3's error document and code, and nothing of it left behind."""

import base64
import contextlib
import datetime
import hashlib
import json
import time

import pytest
import requests
from support import forms
from support.caller import photo_bytes, raw, send_form, unique
from support.s3 import all_keys, refusal

PHOTO = photo_bytes("post", 5_000)


@pytest.fixture(scope="module")
def grant_job(staff):
    return staff.new_job()


@pytest.fixture
def grant(staff, grant_job):
    """A form of the API for exactly these bytes."""
    return staff.grant(grant_job, size=len(PHOTO))


@contextlib.contextmanager
def nothing_stored(server):
    """Whatever happens inside leaves no object and no unfinished upload."""
    before = server.object_files()
    yield
    until = time.monotonic() + 5
    while server.staged_files() and time.monotonic() < until:
        time.sleep(0.02)
    assert server.staged_files() == []
    assert server.object_files() == before


def refused(server, status, code, url, fields, file=PHOTO, after=()):
    """Sends a form that must be refused so."""
    pairs = list(fields.items()) if isinstance(fields, dict) else fields
    with nothing_stored(server):
        answer = forms.send(url, forms.body(pairs, file, after))
        assert refusal(answer) == (status, code), answer.text
    return answer


def without(fields, name):
    return {key: value for key, value in fields.items() if key != name}


def policy_of(fields):
    return json.loads(base64.b64decode(fields["policy"]))


def encode(policy):
    return base64.b64encode(json.dumps(policy).encode()).decode()


def test_the_form_as_granted_is_accepted(store, server, grant):
    answer = send_form(grant, PHOTO)
    assert answer.status_code == 201, answer.text
    stored = store.get_object(Bucket=server.bucket, Key=grant["key"])
    assert (stored["Body"].read(), stored["ContentType"]) == (PHOTO, "image/jpeg")
    assert answer.headers["ETag"] == stored["ETag"] == f'"{hashlib.md5(PHOTO).hexdigest()}"'
    assert f"<Key>{grant['key']}</Key>" in answer.text and f"<Bucket>{server.bucket}</Bucket>" in answer.text


# Time.


def test_an_expired_form_is_refused(server, staff, grant_job):
    grant = staff.grant(grant_job, expires_in=1)
    time.sleep(2.1)
    refused(server, 403, "AccessDenied", grant["url"], grant["fields"])


def test_a_form_signed_an_hour_ago_is_good_until_its_policy_ends(server, store, grant):
    earlier = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    key = f"forms/{unique('early')}"
    conditions = [{"bucket": server.bucket}, {"key": key}]
    fields = forms.sign(server, key, conditions, signed_at=earlier, expires_in=3_700)
    answer = forms.send(grant["url"], forms.body(fields.items(), PHOTO))
    assert answer.status_code == 204, answer.text
    assert store.head_object(Bucket=server.bucket, Key=key)["ContentLength"] == len(PHOTO)
    fields = forms.sign(server, key, conditions, signed_at=earlier, expires_in=3_599)
    refused(server, 403, "AccessDenied", grant["url"], fields)


def test_a_form_of_tomorrow_is_refused(server, grant):
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    fields = forms.sign(server, "forms/a", [{"bucket": server.bucket}, {"key": "forms/a"}], signed_at=later)
    refused(server, 403, "RequestTimeTooSkewed", grant["url"], fields)


# What the policy pins.


def test_another_bucket_is_refused(server, store, grant):
    other = unique("other").lower()
    store.create_bucket(Bucket=other)
    try:
        url = grant["url"].removesuffix(server.bucket) + other
        refused(server, 403, "AccessDenied", url, grant["fields"])
        refused(server, 400, "InvalidArgument", url, grant["fields"] | {"bucket": server.bucket})
        refused(server, 400, "InvalidArgument", grant["url"], grant["fields"] | {"bucket": other})
    finally:
        store.delete_bucket(Bucket=other)
    refused(server, 403, "AccessDenied", server.store + "/no-such-bucket", grant["fields"])


def test_another_key_is_refused(server, staff, grant_job, grant):
    other = staff.grant(grant_job)
    for key in (other["key"], grant["key"] + "x", grant["key"].upper(), "", "/" + grant["key"], "jobs/../x"):
        status, code = (403, "AccessDenied") if key else (400, "InvalidArgument")
        refused(server, status, code, grant["url"], grant["fields"] | {"key": key})


def test_an_extra_field_is_refused(server, grant):
    for name, value in (
        ("x-amz-meta-evil", "1"), ("acl", "public-read"), ("Content-Disposition", "inline"),
        ("Cache-Control", "public"), ("success_action_redirect", "https://evil.example/"),
        ("tagging", "<Tagging/>"), ("anything", ""),
    ):
        refused(server, 403, "AccessDenied", grant["url"], {name: value} | grant["fields"])


def test_a_missing_field_is_refused(server, grant):
    assert len(grant["fields"]) == 8
    codes = {
        "Content-Type": (403, "AccessDenied"), "success_action_status": (403, "AccessDenied"),
        "policy": (400, "InvalidArgument"), "x-amz-signature": (400, "InvalidArgument"),
        "key": (400, "InvalidArgument"), "x-amz-algorithm": (400, "InvalidArgument"),
        "x-amz-credential": (400, "InvalidArgument"), "x-amz-date": (400, "InvalidArgument"),
    }
    for name in grant["fields"]:
        refused(server, *codes[name], grant["url"], without(grant["fields"], name))


def test_one_byte_over_and_one_byte_under_are_refused(server, grant):
    refused(server, 400, "EntityTooLarge", grant["url"], grant["fields"], PHOTO + b"x")
    refused(server, 400, "EntityTooSmall", grant["url"], grant["fields"], PHOTO[:-1])
    assert send_form(grant, PHOTO).status_code == 201


def test_a_file_over_a_range_of_lengths_is_refused(server, store, grant):
    key = f"forms/{unique('range')}"
    conditions = [{"bucket": server.bucket}, {"key": key}, ["content-length-range", 10, 300_000]]
    fields = forms.sign(server, key, conditions)
    refused(server, 400, "EntityTooLarge", grant["url"], fields, bytes(300_001))
    refused(server, 400, "EntityTooLarge", grant["url"], fields, bytes(3_000_000))
    refused(server, 400, "EntityTooSmall", grant["url"], fields, bytes(9))
    for size in (10, 300_000):
        assert forms.send(grant["url"], forms.body(fields.items(), bytes(size))).status_code == 204
        assert store.head_object(Bucket=server.bucket, Key=key)["ContentLength"] == size


def test_an_empty_file_is_refused(server, staff, grant_job, grant):
    refused(server, 400, "EntityTooSmall", grant["url"], grant["fields"], b"")
    without_size = staff.grant(grant_job)
    refused(server, 400, "EntityTooSmall", without_size["url"], without_size["fields"], b"")


def test_another_content_type_is_refused(server, grant):
    for kind in ("image/png", "text/html", "image/svg+xml", "image/jpeg; charset=utf-8", "IMAGE/JPEG", ""):
        refused(server, 403, "AccessDenied", grant["url"], grant["fields"] | {"Content-Type": kind})


def test_another_success_status_is_refused(server, grant):
    refused(server, 403, "AccessDenied", grant["url"], grant["fields"] | {"success_action_status": "200"})


def test_wrong_bytes_for_the_checksum_are_refused(server, staff, grant_job):
    grant = staff.grant(grant_job, size=len(PHOTO), sha256=hashlib.sha256(PHOTO).hexdigest())
    other = PHOTO[:-1] + bytes([PHOTO[-1] ^ 1])
    refused(server, 400, "BadDigest", grant["url"], grant["fields"], other)
    forged = base64.b64encode(hashlib.sha256(other).digest()).decode()
    changed = grant["fields"] | {"x-amz-checksum-sha256": forged}
    refused(server, 403, "AccessDenied", grant["url"], changed, other)
    refused(server, 403, "AccessDenied", grant["url"], without(grant["fields"], "x-amz-checksum-sha256"), other)
    assert send_form(grant, PHOTO).status_code == 201


# Forgery.


def test_a_tampered_policy_is_refused(server, grant):
    policy = policy_of(grant["fields"])
    longer = policy | {"expiration": "2099-01-01T00:00:00Z"}
    fewer = policy | {"conditions": policy["conditions"][1:]}
    spaced = base64.b64encode(json.dumps(policy, indent=1).encode()).decode()
    for changed in (encode(longer), encode(fewer), encode(policy | {"conditions": []}), spaced):
        refused(server, 403, "SignatureDoesNotMatch", grant["url"], grant["fields"] | {"policy": changed})


def test_a_tampered_signature_is_refused(server, grant):
    good = grant["fields"]["x-amz-signature"]
    flipped = ("0" if good[0] != "0" else "1") + good[1:]
    for signature in (flipped, good[:-1], good + "0", "0" * 64, "é" * 32):
        refused(server, 403, "SignatureDoesNotMatch", grant["url"], grant["fields"] | {"x-amz-signature": signature})


def test_foreign_and_malformed_credentials_are_refused(server, grant):
    fields = grant["fields"]
    key_id, rest = fields["x-amz-credential"].split("/", 1)
    refused(server, 403, "InvalidAccessKeyId", grant["url"], fields | {"x-amz-credential": f"AKIANOBODY/{rest}"})
    for credential in (key_id, rest, f"{key_id}/20200101/us-east-1/s3", "", "/" * 5):
        refused(server, 400, "InvalidArgument", grant["url"], fields | {"x-amz-credential": credential})
    for there, elsewhere in (("us-east-1", "eu-west-1"), ("/s3/", "/sqs/")):
        changed = fields | {"x-amz-credential": f"{key_id}/{rest}".replace(there, elsewhere)}
        answer = forms.send(grant["url"], forms.body(changed.items(), PHOTO))
        assert refusal(answer)[0] in (400, 403)


def test_an_unsigned_form_is_refused(server, grant):
    refused(server, 403, "AccessDenied", grant["url"], {"key": "forms/a", "Content-Type": "image/jpeg"})
    refused(server, 403, "AccessDenied", grant["url"], {})


def test_policies_that_cannot_be_read_are_refused(server, grant):
    for policy in (b"", b"null", b"[]", b"{", b"\xff", b'{"expiration":"2099-01-01T00:00:00Z"}'):
        fields = forms.sign(server, "forms/a", [], policy=policy)
        refused(server, 400, "InvalidPolicyDocument", grant["url"], fields)
    for conditions in (
        [], [{}], [{"a": 1}], [["eq", "$key"]], [["like", "$key", "a"]], [["content-length-range", 2, 1]],
    ):
        policy = {"expiration": "2099-01-01T00:00:00Z", "conditions": conditions}
        fields = forms.sign(server, "forms/a", [], policy=policy)
        refused(server, 400, "InvalidPolicyDocument", grant["url"], fields)
    for expiration in ("", "tomorrow", "2099-13-01T00:00:00Z", "2099-01-01", 4_000_000_000, None):
        policy = {"expiration": expiration, "conditions": [{"key": "forms/a"}]}
        fields = forms.sign(server, "forms/a", [], policy=policy)
        refused(server, 400, "InvalidPolicyDocument", grant["url"], fields)
    deep = b'{"expiration":"2099-01-01T00:00:00Z","conditions":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    refused(server, 400, "InvalidPolicyDocument", grant["url"], forms.sign(server, "forms/a", [], policy=deep))
    for garbage in ("%%%", "e30", "e30=x"):
        answer = forms.send(grant["url"], forms.body((grant["fields"] | {"policy": garbage}).items(), PHOTO))
        assert refusal(answer) in ((400, "InvalidPolicyDocument"), (403, "SignatureDoesNotMatch"))


# Again.


def test_the_same_bytes_again_get_the_same_answer_and_are_stored_once(server, store, grant):
    first = send_form(grant, PHOTO)
    before, modified = server.object_files(), store.head_object(Bucket=server.bucket, Key=grant["key"])["LastModified"]
    for _ in range(2):
        again = send_form(grant, PHOTO)
        assert (again.status_code, again.content) == (201, first.content)
        for name in ("ETag", "Location"):
            assert again.headers[name] == first.headers[name]
    assert (server.object_files(), server.staged_files()) == (before, [])
    assert store.head_object(Bucket=server.bucket, Key=grant["key"])["LastModified"] == modified


def test_other_bytes_for_the_same_form_are_refused_and_change_nothing(server, store, staff, grant_job, grant):
    without_size = staff.grant(grant_job)
    for form in (grant, without_size):
        assert send_form(form, PHOTO).status_code == 201
        head = store.head_object(Bucket=server.bucket, Key=form["key"])
        other = bytes(reversed(PHOTO))
        refused(server, 412, "PreconditionFailed", form["url"], form["fields"], other)
        stored = store.get_object(Bucket=server.bucket, Key=form["key"])
        assert stored["Body"].read() == PHOTO
        assert (stored["LastModified"], stored["ETag"]) == (head["LastModified"], head["ETag"])


# The shape of the form.


def test_a_field_given_twice_is_refused(server, grant):
    for name in grant["fields"]:
        pairs = [*grant["fields"].items(), (name, grant["fields"][name])]
        refused(server, 400, "InvalidArgument", grant["url"], pairs)
        refused(server, 400, "InvalidArgument", grant["url"], [(name.upper(), "evil"), *grant["fields"].items()])


def test_a_file_name_variable_in_the_key_is_refused(server, grant):
    refused(server, 400, "InvalidArgument", grant["url"], grant["fields"] | {"key": grant["key"] + "${filename}"})
    prefix = "forms/uploads/"
    conditions = [{"bucket": server.bucket}, ["starts-with", "$key", prefix]]
    fields = forms.sign(server, prefix + "${filename}", conditions)
    refused(server, 400, "InvalidArgument", grant["url"], fields)


def test_fields_behind_the_file_do_not_count(server, grant):
    pairs = list(grant["fields"].items())
    for at in range(len(pairs)):
        answer = forms.send(grant["url"], forms.body(pairs[:at], PHOTO, pairs[at:]))
        assert refusal(answer)[0] in (400, 403), answer.text
    refused(server, 403, "AccessDenied", grant["url"], [], PHOTO, pairs)
    assert forms.send(grant["url"], forms.body(pairs, PHOTO, [("submit", "Upload")])).status_code == 201


def test_a_form_without_a_file_is_refused(server, grant):
    refused(server, 400, "InvalidArgument", grant["url"], grant["fields"], file=None)


def test_a_giant_field_and_a_thousand_fields_are_refused(server, grant):
    giant = {"x-amz-meta-a": "a" * 1_000_000}
    refused(server, 400, "MaxPostPreDataLengthExceededError", grant["url"], giant | grant["fields"])
    many = {f"x-amz-meta-{number}": "a" for number in range(1_000)}
    refused(server, 400, "MalformedPOSTRequest", grant["url"], many | grant["fields"])
    refused(server, 400, "MalformedPOSTRequest", grant["url"], {"n" * 20_000: "a"} | grant["fields"])


def test_what_is_no_form_is_refused(server, grant):
    good = forms.body(grant["fields"].items(), PHOTO)
    cases = {
        "no boundary": (good, "multipart/form-data"),
        "empty boundary": (good, 'multipart/form-data; boundary=""'),
        "other boundary": (good, "multipart/form-data; boundary=other"),
        "no body": (b"", f"multipart/form-data; boundary={forms.BOUNDARY}"),
        "no closing boundary": (good[:-8], f"multipart/form-data; boundary={forms.BOUNDARY}"),
        "base64": (base64.b64encode(good), f"multipart/form-data; boundary={forms.BOUNDARY}"),
        "part without a name": (
            good.replace(b'name="key"', b'nom="key"'), f"multipart/form-data; boundary={forms.BOUNDARY}",
        ),
        "field of no text": (
            forms.body([*grant["fields"].items(), ("x-amz-meta-a", b"\xff\xfe")], PHOTO),
            f"multipart/form-data; boundary={forms.BOUNDARY}",
        ),
    }
    for name, (body, kind) in cases.items():
        with nothing_stored(server):
            answer = requests.post(grant["url"], data=body, headers={"Content-Type": kind}, timeout=30)
            status, _ = refusal(answer)
            assert status == 400, f"{name}: {answer.text}"
    for kind in ("application/x-www-form-urlencoded", "application/json", "text/plain"):
        with nothing_stored(server):
            answer = requests.post(grant["url"], data=good, headers={"Content-Type": kind}, timeout=30)
            assert refusal(answer)[0] in (400, 403), kind


def test_a_form_posted_to_a_key_or_to_no_bucket_is_refused(server, grant):
    for url in (f"{grant['url']}/{grant['key']}", server.store + "/"):
        refused(server, 405, "MethodNotAllowed", url, grant["fields"])


def test_a_body_cut_on_its_way_leaves_nothing(server, grant):
    good = forms.body(grant["fields"].items(), PHOTO)
    path = "/" + server.bucket
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {server.store.removeprefix('http://')}\r\nContent-Length: {len(good)}\r\n"
        f"Content-Type: multipart/form-data; boundary={forms.BOUNDARY}\r\nConnection: close\r\n\r\n"
    ).encode()
    # The last cut goes through the closing boundary, whose end nobody can take for a file's.
    for sent in (10, 500, len(good) // 2, len(good) - 1_000, len(good) - 3):
        with nothing_stored(server):
            answer = raw(server.store, head + good[:sent], half_close=True)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer
    assert raw(server.store, head + good).startswith(b"HTTP/1.1 201")


def test_a_refused_form_can_still_be_sent_right(server, store, staff, grant_job):
    grant = staff.grant(grant_job, size=len(PHOTO))
    refused(server, 400, "EntityTooSmall", grant["url"], grant["fields"], PHOTO[:100])
    assert grant["key"] not in all_keys(store, server.bucket, f"jobs/{grant_job}/")
    assert send_form(grant, PHOTO).status_code == 201
    assert grant["key"] in all_keys(store, server.bucket, f"jobs/{grant_job}/")


# Pages of other origins.


def preflight(server, origin, method="POST", asked="content-type", path=None):
    headers = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": asked}
    return requests.options(server.store + (path or f"/{server.bucket}"), headers=headers, timeout=10)


def test_a_preflight_allows_our_own_pages_and_no_others(server):
    for method in ("POST", "PUT", "GET", "HEAD"):
        answer = preflight(server, server.api, method, path=f"/{server.bucket}/any/key")
        assert answer.status_code in (200, 204)
        assert answer.headers["Access-Control-Allow-Origin"] == server.api
        assert method in answer.headers["Access-Control-Allow-Methods"].split(", ")
        assert answer.headers["Access-Control-Allow-Headers"] == "content-type"
        assert "Access-Control-Allow-Credentials" not in answer.headers
    for origin in ("https://evil.example", "null", server.store, server.api + "0", server.api + ".evil.example"):
        answer = preflight(server, origin)
        assert refusal(answer) == (403, "AccessDenied"), origin
        assert "Access-Control-Allow-Origin" not in answer.headers, origin
    assert refusal(preflight(server, server.api, "DELETE")) == (403, "AccessDenied")


def test_answers_and_errors_may_be_read_by_our_own_pages_only(server, grant):
    wrong = dict(grant, fields=grant["fields"] | {"key": "elsewhere"})
    for form, status in ((wrong, 403), (grant, 201)):
        answer = send_form(form, PHOTO, headers={"Origin": server.api})
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == server.api
        assert "etag" in answer.headers["Access-Control-Expose-Headers"].lower()
        assert "Origin" in answer.headers["Vary"]
        answer = send_form(form, PHOTO, headers={"Origin": "https://evil.example"})
        assert answer.status_code == status
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Origin" in answer.headers["Vary"]
    answer = requests.get(f"{server.store}/{server.bucket}", headers={"Origin": server.api}, timeout=10)
    assert refusal(answer) == (403, "AccessDenied")
    assert answer.headers["Access-Control-Allow-Origin"] == server.api


def test_what_is_delivered_can_run_no_script(server, staff, grant_job):
    staff.upload(grant_job, "x.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    for photo in staff.photos(grant_job):
        answer = requests.get(photo["url"], timeout=10)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]

"""boto3 as a client of the store: what it presigns, and who may do nothing."""

import xml.etree.ElementTree as ElementTree

import boto3
import requests
from botocore import UNSIGNED
from botocore.config import Config
from support import s3 as s3_support
from support.caller import photo_bytes, raw
from support.s3 import all_keys, clock_set, error, read, refusal

# Presigned by boto3.


def test_presigned_urls_do_what_they_were_signed_for_and_nothing_else(store, bucket):
    body = photo_bytes("presigned")
    put = store.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "a", "ContentType": "image/jpeg"})
    assert refusal(requests.put(put, data=body, timeout=10))[0] == 403
    answer = requests.put(put, data=body, headers={"Content-Type": "image/jpeg"}, timeout=10)
    assert answer.status_code == 200, answer.text
    get = store.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a"}, ExpiresIn=60)
    answer = requests.get(get, timeout=10)
    assert (answer.content, answer.headers["Content-Type"]) == (body, "image/jpeg")
    assert requests.get(get, headers={"Range": "bytes=0-3"}, timeout=10).content == body[:4]
    mismatch = (403, "SignatureDoesNotMatch")
    assert refusal(requests.put(get, data=b"x", timeout=10)) == mismatch
    assert refusal(requests.delete(get, timeout=10)) == mismatch
    assert refusal(requests.get(get.replace("/a?", "/b?"), timeout=10)) == mismatch
    assert refusal(requests.get(get.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"), timeout=10)) == mismatch
    assert refusal(requests.get(get + "&response-content-type=text/html", timeout=10)) == mismatch
    assert read(store, bucket, "a") == body


def test_a_presigned_url_ends_when_it_says(store, bucket):
    store.put_object(Bucket=bucket, Key="a", Body=b"abc")
    named = {"Bucket": bucket, "Key": "a"}
    with clock_set(minutes=-10):
        over = store.generate_presigned_url("get_object", named, ExpiresIn=599)
        good = store.generate_presigned_url("get_object", named, ExpiresIn=660)
    assert refusal(requests.get(over, timeout=10)) == (403, "AccessDenied")
    assert requests.get(good, timeout=10).content == b"abc"
    week = store.generate_presigned_url("get_object", named, ExpiresIn=604_801)
    assert refusal(requests.get(week, timeout=10)) == (400, "AuthorizationQueryParametersError")
    with clock_set(minutes=60):
        early = store.generate_presigned_url("get_object", named)
    assert refusal(requests.get(early, timeout=10))[0] == 403


def test_a_presigned_form_of_boto3_is_accepted_within_its_conditions(store, bucket):
    form = store.generate_presigned_post(
        bucket, "in/a b.jpg", Fields={"Content-Type": "image/jpeg", "x-amz-meta-crew": "7"},
        Conditions=[{"Content-Type": "image/jpeg"}, {"x-amz-meta-crew": "7"}, ["content-length-range", 1, 10_000]],
    )
    body = photo_bytes("form")
    answer = requests.post(form["url"], data=form["fields"], files={"file": body}, timeout=10)
    assert answer.status_code == 204, answer.text
    got = store.get_object(Bucket=bucket, Key="in/a b.jpg")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (body, "image/jpeg", {"crew": "7"})
    answer = requests.post(form["url"], data=form["fields"], files={"file": bytes(10_001)}, timeout=10)
    assert refusal(answer) == (400, "EntityTooLarge")


# Who may.


OPERATIONS = {
    "list_buckets": {}, "create_bucket": {"Bucket": "anonymous"}, "head_bucket": {"Bucket": "B"},
    "delete_bucket": {"Bucket": "B"}, "get_bucket_location": {"Bucket": "B"}, "list_objects": {"Bucket": "B"},
    "list_objects_v2": {"Bucket": "B"}, "list_multipart_uploads": {"Bucket": "B"},
    "get_object": {"Bucket": "B", "Key": "a"}, "head_object": {"Bucket": "B", "Key": "a"},
    "put_object": {"Bucket": "B", "Key": "a", "Body": b"evil"}, "delete_object": {"Bucket": "B", "Key": "a"},
    "delete_objects": {"Bucket": "B", "Delete": {"Objects": [{"Key": "a"}]}},
    "copy_object": {"Bucket": "B", "Key": "c", "CopySource": "B/a"},
    "create_multipart_upload": {"Bucket": "B", "Key": "a"},
    "upload_part": {"Bucket": "B", "Key": "a", "UploadId": "0" * 32, "PartNumber": 1, "Body": b"evil"},
    "upload_part_copy": {"Bucket": "B", "Key": "a", "UploadId": "0" * 32, "PartNumber": 1, "CopySource": "B/a"},
    "list_parts": {"Bucket": "B", "Key": "a", "UploadId": "0" * 32},
    "complete_multipart_upload": {"Bucket": "B", "Key": "a", "UploadId": "0" * 32},
    "abort_multipart_upload": {"Bucket": "B", "Key": "a", "UploadId": "0" * 32},
    "get_object_acl": {"Bucket": "B", "Key": "a"}, "put_bucket_policy": {"Bucket": "B", "Policy": "{}"},
    "get_object_tagging": {"Bucket": "B", "Key": "a"}, "get_bucket_acl": {"Bucket": "B"},
}


def refused_everywhere(client, store, bucket, expected):
    """Every operation is refused so, and changes nothing."""
    store.put_object(Bucket=bucket, Key="a", Body=b"abc")
    for name, keywords in OPERATIONS.items():
        keywords = {key: bucket if value == "B" else value for key, value in keywords.items()}
        if "CopySource" in keywords:
            keywords["CopySource"] = f"{bucket}/a"
        status, code = error(getattr(client, name), **keywords)
        # An answer to HEAD has no body, so no code.
        assert (status, code) in (expected, (expected[0], str(expected[0]))), f"{name}: {status} {code}"
    assert all_keys(store, bucket) == ["a"] and read(store, bucket, "a") == b"abc"
    assert "anonymous" not in [bucket["Name"] for bucket in store.list_buckets()["Buckets"]]


def test_nobody_without_a_signature_may_do_anything(server, store, bucket):
    anonymous = s3_support.client(server, signature_version=UNSIGNED)
    refused_everywhere(anonymous, store, bucket, (403, "AccessDenied"))
    missing = {"Bucket": "no-such-bucket", "Key": "no-such-key"}
    assert error(anonymous.get_object, **missing) == error(anonymous.get_object, Bucket=bucket, Key="a")


def test_a_wrong_secret_and_an_unknown_key_may_do_nothing(server, store, bucket):
    wrong = s3_support.client(server, secret_key=server.ready["secret_access_key"][:-1] + "?")
    refused_everywhere(wrong, store, bucket, (403, "SignatureDoesNotMatch"))
    unknown = s3_support.client(server, access_key="AKIANOBODY")
    refused_everywhere(unknown, store, bucket, (403, "InvalidAccessKeyId"))
    old = s3_support.client(server, signature_version="s3")
    assert error(old.get_object, Bucket=bucket, Key="a")[0] in (400, 403)


def test_every_error_document_tells_its_cause_and_its_request(server, store, bucket):
    def presigned(operation, expires_in=60, **named):
        return store.generate_presigned_url(operation, {"Bucket": bucket, **named}, ExpiresIn=expires_in)

    with clock_set(minutes=-10):
        expired = presigned("get_object", Key="a")
    foreign = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}
    address = f"{server.store}/{bucket}"
    cases = {
        "unsigned": requests.get(address, timeout=10),
        "wrong signature": requests.get(presigned("get_object", Key="a").replace("/a?", "/b?"), timeout=10),
        "expired": requests.get(expired, timeout=10),
        "no such key": requests.get(presigned("get_object", Key="a"), timeout=10),
        "no such bucket": requests.get(presigned("get_object", Bucket="nowhere", Key="a"), timeout=10),
        "not done here": requests.get(presigned("get_bucket_policy"), timeout=10),
        "form": requests.post(address, files={"file": b"x"}, timeout=10),
        "preflight": requests.options(address, headers=foreign, timeout=10),
    }
    bare = []
    for name, answer in cases.items():
        assert answer.status_code >= 400, name
        root = ElementTree.fromstring(answer.content)
        request_id = answer.headers["x-amz-request-id"]
        if not root.findtext("Message") or root.findtext("RequestId") != request_id:
            bare.append(f"{name}: {answer.text}")
    assert not bare, "\n".join(bare)


def test_an_answer_that_ends_the_connection_says_so(server, store, bucket):
    """A client keeps the connection for its next request otherwise, and that one fails."""
    address = server.store.removeprefix("http://")
    named = {"Bucket": bucket, "Key": "a", "ChecksumSHA1": "AA=="}
    path = store.generate_presigned_url("put_object", named).split(address, 1)[1]
    head = f"PUT {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 100000\r\nx-amz-checksum-sha1: AA==\r\n"
    expecting = raw(server.store, (head + "Expect: 100-continue\r\n\r\n").encode())
    assert expecting.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nconnection: close\r\n" in expecting.lower()


def test_a_clock_that_is_far_off_is_refused(store, bucket):
    for offset in ({"minutes": -16}, {"minutes": 16}, {"days": -1}, {"days": 400}):
        with clock_set(**offset):
            assert error(store.list_objects_v2, Bucket=bucket) == (403, "RequestTimeTooSkewed"), offset
            assert error(store.put_object, Bucket=bucket, Key="a", Body=b"x")[0] == 403, offset
    for offset in ({"minutes": -14}, {"minutes": 14}):
        with clock_set(**offset):
            store.put_object(Bucket=bucket, Key="a", Body=b"x")


def test_another_region_is_refused(server, bucket):
    elsewhere = boto3.client(
        "s3", endpoint_url=server.store, region_name="eu-west-1", aws_access_key_id=server.ready["access_key_id"],
        aws_secret_access_key=server.ready["secret_access_key"],
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )
    assert error(elsewhere.list_objects_v2, Bucket=bucket) == (400, "AuthorizationHeaderMalformed")


def test_what_the_store_does_not_do_it_refuses(store, bucket):
    for asked in (
        {"ACL": "public-read"}, {"StorageClass": "GLACIER"}, {"ServerSideEncryption": "aws:kms"}, {"Tagging": "a=b"},
        {"WebsiteRedirectLocation": "/x"}, {"ObjectLockMode": "GOVERNANCE"}, {"GrantRead": "id=x"},
    ):
        assert error(store.put_object, Bucket=bucket, Key="a", Body=b"x", **asked) == (501, "NotImplemented"), asked
    assert error(store.put_bucket_policy, Bucket=bucket, Policy="{}")[0] == 501
    assert error(store.get_object, Bucket=bucket, Key="a", VersionId="v1")[0] in (400, 404)
    assert all_keys(store, bucket) == []


def test_the_buckets_own_listing_holds_what_the_api_granted(store, server, staff, job):
    grant = staff.upload(job)
    assert all_keys(store, server.bucket, f"jobs/{job}/") == [grant["key"]]

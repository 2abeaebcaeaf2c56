"""boto3 as a client of the store: what Amazon S3 would answer, this store answers."""

import base64
import concurrent.futures
import datetime
import hashlib
import io
import xml.etree.ElementTree as ElementTree
import zlib
from unittest import mock

import boto3
import botocore.auth
import botocore.exceptions
import botocore.handlers
import pytest
import requests
import urllib3
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.config import Config
from support import s3 as s3_support
from support.caller import photo_bytes, raw, unique
from support.s3 import all_keys, refusal

MIB = 1 << 20
PART = 5 * MIB


@pytest.fixture
def bucket(store):
    """A bucket of the test's own, empty and gone afterwards."""
    name = unique("bucket").lower()
    store.create_bucket(Bucket=name)
    yield name
    for upload in store.list_multipart_uploads(Bucket=name).get("Uploads", []):
        store.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    while keys := all_keys(store, name)[:1_000]:
        answer = store.delete_objects(Bucket=name, Delete={"Objects": [{"Key": key} for key in keys]})
        assert not answer.get("Errors"), answer["Errors"][:3]
    store.delete_bucket(Bucket=name)


def error(call, *arguments, **keywords):
    """Status and code of the refusal that a call must meet."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(*arguments, **keywords)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def read(store, bucket, key, **keywords):
    return store.get_object(Bucket=bucket, Key=key, **keywords)["Body"].read()


# Objects.


def test_what_is_put_comes_back_with_its_headers_and_metadata(store, bucket):
    body = photo_bytes("put")
    put = store.put_object(
        Bucket=bucket, Key="a.jpg", Body=body, ContentType="image/jpeg", CacheControl="private, max-age=60",
        ContentDisposition='attachment; filename="a.jpg"', ContentLanguage="en", ContentEncoding="identity",
        Expires=datetime.datetime(2031, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
        Metadata={"crew": "north 7", "Upper": "Case", "empty": ""},
    )
    got = store.get_object(Bucket=bucket, Key="a.jpg")
    head = store.head_object(Bucket=bucket, Key="a.jpg")
    assert got["Body"].read() == body
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    for answer in (got, head):
        assert answer["ETag"] == put["ETag"]
        assert answer["ContentLength"] == len(body)
        assert answer["ContentType"] == "image/jpeg"
        assert answer["CacheControl"] == "private, max-age=60"
        assert answer["ContentDisposition"] == 'attachment; filename="a.jpg"'
        assert (answer["ContentLanguage"], answer["ContentEncoding"]) == ("en", "identity")
        assert answer["ExpiresString"] == "Thu, 02 Jan 2031 03:04:05 GMT"
        assert answer["Metadata"] == {"crew": "north 7", "upper": "Case", "empty": ""}
        assert answer["AcceptRanges"] == "bytes"
        assert abs(datetime.datetime.now(datetime.UTC) - answer["LastModified"]) < datetime.timedelta(minutes=1)


def test_a_second_put_replaces_body_and_metadata(store, bucket):
    store.put_object(Bucket=bucket, Key="a", Body=b"one", ContentType="text/plain", Metadata={"a": "1"})
    store.put_object(Bucket=bucket, Key="a", Body=b"second")
    got = store.get_object(Bucket=bucket, Key="a")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"second", "binary/octet-stream", {})
    assert all_keys(store, bucket) == ["a"]


def test_an_empty_object_is_an_object(store, bucket):
    assert store.put_object(Bucket=bucket, Key="empty")["ETag"] == '"d41d8cd98f00b204e9800998ecf8427e"'
    assert read(store, bucket, "empty") == b""
    assert store.head_object(Bucket=bucket, Key="empty")["ContentLength"] == 0


def test_a_deleted_object_is_gone_and_deleting_again_is_fine(store, bucket):
    store.put_object(Bucket=bucket, Key="a", Body=b"a")
    for _ in range(2):
        assert store.delete_object(Bucket=bucket, Key="a")["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert error(store.get_object, Bucket=bucket, Key="a") == (404, "NoSuchKey")
    assert error(store.head_object, Bucket=bucket, Key="a") == (404, "404")
    assert all_keys(store, bucket) == []


def test_a_delete_may_name_the_entity_tag_it_means(store, bucket):
    etag = store.put_object(Bucket=bucket, Key="a", Body=b"a")["ETag"]
    assert error(store.delete_object, Bucket=bucket, Key="a", IfMatch='"0"') == (412, "PreconditionFailed")
    store.delete_object(Bucket=bucket, Key="a", IfMatch=etag)
    assert all_keys(store, bucket) == []


def test_many_objects_are_deleted_at_once(store, bucket):
    keys = ["a", "b/c", "d e", "é&<>'\"", "missing"]
    for key in keys[:-1]:
        store.put_object(Bucket=bucket, Key=key, Body=b"x")
    answer = store.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys]})
    assert sorted(entry["Key"] for entry in answer["Deleted"]) == sorted(keys)
    assert "Errors" not in answer and all_keys(store, bucket) == []
    store.put_object(Bucket=bucket, Key="a")
    quiet = store.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}], "Quiet": True})
    assert "Deleted" not in quiet and all_keys(store, bucket) == []
    too_many = {"Objects": [{"Key": str(number)} for number in range(1_001)]}
    assert error(store.delete_objects, Bucket=bucket, Delete=too_many) == (400, "MalformedXML")


def test_a_copy_keeps_what_the_object_says_or_takes_what_is_new(store, bucket):
    body = photo_bytes("copy")
    source = {"Bucket": bucket, "Key": "a b+é.jpg"}
    etag = store.put_object(**source, Body=body, ContentType="image/jpeg", Metadata={"a": "1"})["ETag"]
    copied = store.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    assert copied["CopyObjectResult"]["ETag"] == etag
    got = store.get_object(Bucket=bucket, Key="copy")
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (body, "image/jpeg", {"a": "1"})
    store.copy_object(
        Bucket=bucket, Key="copy", CopySource=source, MetadataDirective="REPLACE", ContentType="image/png",
        Metadata={"b": "2"},
    )
    head = store.head_object(Bucket=bucket, Key="copy")
    assert (head["ContentType"], head["Metadata"]) == ("image/png", {"b": "2"})
    itself = {"Bucket": bucket, "Key": "copy", "CopySource": {"Bucket": bucket, "Key": "copy"}}
    assert error(store.copy_object, **itself) == (400, "InvalidRequest")
    store.copy_object(**itself, MetadataDirective="REPLACE", Metadata={"c": "3"})
    assert store.head_object(Bucket=bucket, Key="copy")["Metadata"] == {"c": "3"}
    assert read(store, bucket, "copy") == body


def test_a_copy_is_refused_where_its_source_or_its_condition_fails(store, bucket):
    etag = store.put_object(Bucket=bucket, Key="a", Body=b"a")["ETag"]
    target = {"Bucket": bucket, "Key": "b"}
    source = {"Bucket": bucket, "Key": "a"}
    assert error(store.copy_object, **target, CopySource={"Bucket": bucket, "Key": "x"}) == (404, "NoSuchKey")
    assert error(store.copy_object, **target, CopySource={"Bucket": "nowhere", "Key": "a"}) == (404, "NoSuchBucket")
    failed = (412, "PreconditionFailed")
    assert error(store.copy_object, **target, CopySource=source, CopySourceIfMatch='"0"') == failed
    assert error(store.copy_object, **target, CopySource=source, CopySourceIfNoneMatch=etag) == failed
    assert all_keys(store, bucket) == ["a"]
    store.copy_object(**target, CopySource=source, CopySourceIfMatch=etag)
    assert read(store, bucket, "b") == b"a"


# Reading.


def test_ranges_give_just_these_bytes(store, bucket):
    body = photo_bytes("range", 700_000)
    store.put_object(Bucket=bucket, Key="a", Body=body)
    for text, expected, content_range in (
        ("bytes=0-0", body[:1], "bytes 0-0/700000"),
        ("bytes=10-19", body[10:20], "bytes 10-19/700000"),
        ("bytes=262143-262145", body[262_143:262_146], "bytes 262143-262145/700000"),
        ("bytes=699990-", body[-10:], "bytes 699990-699999/700000"),
        ("bytes=-10", body[-10:], "bytes 699990-699999/700000"),
        ("bytes=-900000", body, "bytes 0-699999/700000"),
        ("bytes=699999-999999999", body[-1:], "bytes 699999-699999/700000"),
    ):
        got = store.get_object(Bucket=bucket, Key="a", Range=text)
        assert (got["ResponseMetadata"]["HTTPStatusCode"], got["ContentRange"]) == (206, content_range)
        assert got["Body"].read() == expected
        assert store.head_object(Bucket=bucket, Key="a", Range=text)["ContentLength"] == len(expected)
    for text in ("bytes=700000-", "bytes=900000-900001", "bytes=-0"):
        assert error(store.get_object, Bucket=bucket, Key="a", Range=text) == (416, "InvalidRange")
    for text in ("bytes=5-2", "bytes=a-b", "items=0-1", "bytes=0-1,5-6"):
        assert len(read(store, bucket, "a", Range=text)) == len(body), text
    store.put_object(Bucket=bucket, Key="empty")
    assert error(store.get_object, Bucket=bucket, Key="empty", Range="bytes=0-0") == (416, "InvalidRange")


def test_conditions_of_a_read_hold(store, bucket):
    put = store.put_object(Bucket=bucket, Key="a", Body=b"abc")
    modified = store.head_object(Bucket=bucket, Key="a")["LastModified"]
    earlier, later = modified - datetime.timedelta(seconds=1), modified + datetime.timedelta(seconds=1)
    etag, other = put["ETag"], '"00000000000000000000000000000000"'
    for condition in (
        {"IfMatch": etag}, {"IfMatch": "*"}, {"IfNoneMatch": other}, {"IfModifiedSince": earlier},
        {"IfUnmodifiedSince": modified}, {"IfMatch": etag, "IfUnmodifiedSince": earlier},
        {"IfNoneMatch": other, "IfModifiedSince": later},
    ):
        assert read(store, bucket, "a", **condition) == b"abc", condition
    for condition in ({"IfMatch": other}, {"IfUnmodifiedSince": earlier}):
        assert error(store.get_object, Bucket=bucket, Key="a", **condition) == (412, "PreconditionFailed"), condition
    for condition in ({"IfNoneMatch": etag}, {"IfNoneMatch": "*"}, {"IfModifiedSince": modified}):
        for call in (store.get_object, store.head_object):
            assert error(call, Bucket=bucket, Key="a", **condition) == (304, "304"), condition


def test_response_headers_are_overridden_for_signed_readers(store, bucket):
    store.put_object(Bucket=bucket, Key="a", Body=b"abc", ContentType="text/html")
    overrides = {
        "ResponseContentType": "image/jpeg", "ResponseCacheControl": "no-store",
        "ResponseContentDisposition": 'attachment; filename="front door.jpg"', "ResponseContentLanguage": "de",
        "ResponseContentEncoding": "identity",
    }
    got = store.get_object(Bucket=bucket, Key="a", **overrides)
    assert [got[name.removeprefix("Response")] for name in overrides] == list(overrides.values())
    url = store.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a", **overrides})
    answer = requests.get(url, timeout=10)
    assert (answer.status_code, answer.content) == (200, b"abc")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="front door.jpg"'
    assert refusal(requests.get(url.replace("no-store", "public"), timeout=10)) == (403, "SignatureDoesNotMatch")


# Conditional writes.


def test_a_write_on_condition_that_nothing_is_there_happens_once(store, bucket):
    def put(number):
        try:
            store.put_object(Bucket=bucket, Key="a", Body=str(number).encode(), IfNoneMatch="*")
            return number
        except botocore.exceptions.ClientError as refused:
            assert refused.response["Error"]["Code"] == "PreconditionFailed"
            return None

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        winners = [number for number in pool.map(put, range(16)) if number is not None]
    assert len(winners) == 1
    assert read(store, bucket, "a") == str(winners[0]).encode()


def test_a_write_may_name_the_entity_tag_it_replaces(store, bucket):
    first = store.put_object(Bucket=bucket, Key="a", Body=b"1")["ETag"]
    second = store.put_object(Bucket=bucket, Key="a", Body=b"2", IfMatch=first)["ETag"]
    failed = (412, "PreconditionFailed")
    assert error(store.put_object, Bucket=bucket, Key="a", Body=b"3", IfMatch=first) == failed
    assert error(store.put_object, Bucket=bucket, Key="b", Body=b"3", IfMatch=second) == (404, "NoSuchKey")
    assert read(store, bucket, "a") == b"2"


def test_photos_of_jobs_are_written_once(store, server):
    job = unique("once")
    key, body = f"jobs/{job}/photos/a.jpg", photo_bytes("once")
    first = store.put_object(Bucket=server.bucket, Key=key, Body=body)
    modified = store.head_object(Bucket=server.bucket, Key=key)["LastModified"]
    for condition in ({}, {"IfNoneMatch": "*"}):
        assert store.put_object(Bucket=server.bucket, Key=key, Body=body, **condition)["ETag"] == first["ETag"]
    failed = (412, "PreconditionFailed")
    assert error(store.put_object, Bucket=server.bucket, Key=key, Body=b"other") == failed
    store.put_object(Bucket=server.bucket, Key=f"jobs/{job}/notes", Body=b"other")
    copy = {"Bucket": server.bucket, "Key": key, "CopySource": {"Bucket": server.bucket, "Key": f"jobs/{job}/notes"}}
    assert error(store.copy_object, **copy) == failed
    upload = store.create_multipart_upload(Bucket=server.bucket, Key=key)
    part = store.upload_part(Bucket=server.bucket, Key=key, UploadId=upload["UploadId"], PartNumber=1, Body=b"other")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    complete = {"Bucket": server.bucket, "Key": key, "UploadId": upload["UploadId"], "MultipartUpload": parts}
    assert error(store.complete_multipart_upload, **complete) == failed
    store.abort_multipart_upload(Bucket=server.bucket, Key=key, UploadId=upload["UploadId"])
    assert read(store, server.bucket, key) == body
    assert store.head_object(Bucket=server.bucket, Key=key)["LastModified"] == modified
    for elsewhere in (f"jobs/{job}/photosx/a", f"jobs/{job}/notes", f"renditions/{job}/a/thumb"):
        for text in (b"one", b"two"):
            store.put_object(Bucket=server.bucket, Key=elsewhere, Body=text)
        assert read(store, server.bucket, elsewhere) == b"two"
    store.delete_object(Bucket=server.bucket, Key=key)
    store.put_object(Bucket=server.bucket, Key=key, Body=b"after it was deleted")


# Checksums.


def crc32(body):
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def test_the_default_checksum_trailer_is_checked_and_kept(server, store, bucket):
    body = photo_bytes("crc", 300_000)
    put = store.put_object(Bucket=bucket, Key="a", Body=io.BytesIO(body))
    assert put["ChecksumCRC32"] == crc32(body)
    got = store.get_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")
    assert (got["Body"].read(), got["ChecksumCRC32"], got["ChecksumType"]) == (body, crc32(body), "FULL_OBJECT")
    plain = s3_support.client(
        server, request_checksum_calculation="when_required", response_checksum_validation="when_required"
    )
    assert "ChecksumCRC32" not in plain.get_object(Bucket=bucket, Key="a")
    assert "ChecksumCRC32" not in plain.put_object(Bucket=bucket, Key="b", Body=body)


def reflected_crc(bits, polynomial, body):
    """A CRC as the checksums of S3 are: reflected, all ones before and after. boto3 knows CRC32 alone by itself."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        table.append(value)
    ones = (1 << bits) - 1
    crc = ones
    for byte in body:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return (crc ^ ones).to_bytes(bits // 8, "big")


CHECKSUMS = {
    "CRC32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "CRC32C": lambda body: reflected_crc(32, 0x82F63B78, body),
    "CRC64NVME": lambda body: reflected_crc(64, 0x9A6C9329AC4BC9B5, body),
    "SHA1": lambda body: hashlib.sha1(body).digest(),
    "SHA256": lambda body: hashlib.sha256(body).digest(),
}


@pytest.mark.parametrize("algorithm", CHECKSUMS)
def test_every_checksum_is_checked_kept_and_given_back(store, bucket, algorithm):
    body, field = photo_bytes(algorithm, 100_001), f"Checksum{algorithm}"
    right = base64.b64encode(CHECKSUMS[algorithm](body)).decode()
    put = store.put_object(Bucket=bucket, Key="a", Body=body, **{field: right})
    got = store.get_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")
    assert put[field] == got[field] == right and got["Body"].read() == body
    wrong = base64.b64encode(bytes(len(CHECKSUMS[algorithm](body)))).decode()
    assert error(store.put_object, Bucket=bucket, Key="x", Body=body, **{field: wrong}) == (400, "BadDigest")
    assert error(store.put_object, Bucket=bucket, Key="x", Body=body, **{field: "AA=="}) == (400, "InvalidRequest")
    assert all_keys(store, bucket) == ["a"]


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_a_checksum_that_boto3_computes_may_come_before_or_behind_the_body(store, bucket, algorithm):
    body, field = photo_bytes(algorithm, 100_001), f"Checksum{algorithm}"
    right = base64.b64encode(CHECKSUMS[algorithm](body)).decode()
    for sent in (body, io.BytesIO(body)):
        assert store.put_object(Bucket=bucket, Key="a", Body=sent, ChecksumAlgorithm=algorithm)[field] == right
        # boto3 holds the bytes against the checksum while it reads.
        assert read(store, bucket, "a", ChecksumMode="ENABLED") == body


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA256"])
def test_parts_with_checksums_are_checked_and_joined(store, bucket, algorithm):
    bodies, field = [photo_bytes(1, PART), photo_bytes(2, 10)], f"Checksum{algorithm}"
    upload_id, parts = start(store, bucket, "a", ChecksumAlgorithm=algorithm)
    named = {"Bucket": bucket, "Key": "a", "UploadId": upload_id}
    for number, body in enumerate(bodies, 1):
        part = store.upload_part(**named, PartNumber=number, Body=body, ChecksumAlgorithm=algorithm)
        assert part[field] == base64.b64encode(CHECKSUMS[algorithm](body)).decode()
        parts.append({"PartNumber": number, "ETag": part["ETag"], field: part[field]})
    swapped = [parts[0], parts[1] | {field: parts[0][field]}]
    assert error(complete, store, bucket, "a", upload_id, swapped) == (400, "InvalidPart")
    complete(store, bucket, "a", upload_id, parts)
    composite = CHECKSUMS[algorithm](b"".join(CHECKSUMS[algorithm](body) for body in bodies))
    head = store.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")
    assert (head[field], head["ChecksumType"]) == (base64.b64encode(composite).decode() + "-2", "COMPOSITE")
    assert read(store, bucket, "a") == b"".join(bodies)


def test_a_wrong_content_md5_is_refused(store, bucket):
    right = base64.b64encode(hashlib.md5(b"abc").digest()).decode()
    store.put_object(Bucket=bucket, Key="a", Body=b"abc", ContentMD5=right)
    assert error(store.put_object, Bucket=bucket, Key="b", Body=b"abd", ContentMD5=right) == (400, "BadDigest")
    assert error(store.put_object, Bucket=bucket, Key="b", Body=b"abd", ContentMD5="x") == (400, "InvalidDigest")
    assert all_keys(store, bucket) == ["a"]


# Multipart uploads.


def test_a_large_file_goes_up_in_parts_and_comes_back(store, bucket, tmp_path, server):
    body = photo_bytes("large", 20 * MIB + 7)
    path = tmp_path / "large.jpg"
    path.write_bytes(body)
    config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=4)
    store.upload_file(str(path), bucket, "large.jpg", Config=config, ExtraArgs={"ContentType": "image/jpeg"})
    head = store.head_object(Bucket=bucket, Key="large.jpg", ChecksumMode="ENABLED")
    parts = [body[at : at + PART] for at in range(0, len(body), PART)]
    digest = hashlib.md5(b"".join(hashlib.md5(part).digest() for part in parts)).hexdigest()
    assert head["ETag"] == f'"{digest}-5"'
    assert (head["ContentLength"], head["ContentType"]) == (len(body), "image/jpeg")
    back = tmp_path / "back.jpg"
    store.download_file(bucket, "large.jpg", str(back), Config=config)
    assert back.read_bytes() == body
    assert "Uploads" not in store.list_multipart_uploads(Bucket=bucket)
    assert list((server.data / "store" / "multipart").iterdir()) == []


def start(store, bucket, key, *bodies, **keywords):
    """A multipart upload with these parts; gives its id and what completing it names."""
    upload_id = store.create_multipart_upload(Bucket=bucket, Key=key, **keywords)["UploadId"]
    parts = []
    for number, body in enumerate(bodies, 1):
        part = store.upload_part(Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    return upload_id, parts


def complete(store, bucket, key, upload_id, parts):
    return store.complete_multipart_upload(
        Bucket=bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts}
    )


def test_parts_are_listed_in_pages_and_replaced_by_number(store, bucket):
    upload_id, parts = start(store, bucket, "a", b"one", b"two", b"three")
    again = store.upload_part(Bucket=bucket, Key="a", UploadId=upload_id, PartNumber=2, Body=b"zwei!")
    first = store.list_parts(Bucket=bucket, Key="a", UploadId=upload_id, MaxParts=2)
    assert [(part["PartNumber"], part["Size"]) for part in first["Parts"]] == [(1, 3), (2, 5)]
    assert first["Parts"][1]["ETag"] == again["ETag"] and first["IsTruncated"]
    marker = first["NextPartNumberMarker"]
    rest = store.list_parts(Bucket=bucket, Key="a", UploadId=upload_id, PartNumberMarker=marker)
    assert [part["PartNumber"] for part in rest["Parts"]] == [3] and not rest["IsTruncated"]
    assert parts[2]["ETag"] == rest["Parts"][0]["ETag"]
    uploads = store.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [(upload["Key"], upload["UploadId"]) for upload in uploads] == [("a", upload_id)]


def test_an_aborted_upload_leaves_nothing(store, bucket, server):
    upload_id, parts = start(store, bucket, "a", b"one")
    assert error(store.get_object, Bucket=bucket, Key="a") == (404, "NoSuchKey")
    store.abort_multipart_upload(Bucket=bucket, Key="a", UploadId=upload_id)
    named = {"Bucket": bucket, "Key": "a", "UploadId": upload_id}
    gone = (404, "NoSuchUpload")
    assert error(store.abort_multipart_upload, **named) == gone
    assert error(store.list_parts, **named) == gone
    assert error(store.upload_part, **named, PartNumber=1, Body=b"x") == gone
    assert error(complete, store, bucket, "a", upload_id, parts) == gone
    assert all_keys(store, bucket) == []
    assert list((server.data / "store" / "multipart").iterdir()) == [] and server.staged_files() == []


def test_parts_that_cannot_be_joined_are_refused_and_the_upload_goes_on(store, bucket):
    big = bytes(PART)
    upload_id, parts = start(store, bucket, "a", big, b"end")
    assert error(complete, store, bucket, "a", upload_id, parts[::-1]) == (400, "InvalidPartOrder")
    assert error(complete, store, bucket, "a", upload_id, [parts[0], parts[0]]) == (400, "InvalidPartOrder")
    missing = [*parts, {"PartNumber": 3, "ETag": parts[0]["ETag"]}]
    assert error(complete, store, bucket, "a", upload_id, missing) == (400, "InvalidPart")
    swapped = [parts[0], {"PartNumber": 2, "ETag": parts[0]["ETag"]}]
    assert error(complete, store, bucket, "a", upload_id, swapped) == (400, "InvalidPart")
    assert error(complete, store, bucket, "b", upload_id, parts) == (404, "NoSuchUpload")
    assert error(complete, store, bucket, "a", "0" * 32, parts) == (404, "NoSuchUpload")
    assert error(complete, store, bucket, "a", "../../etc", parts) == (404, "NoSuchUpload")
    for number in (0, -1, 10_001):
        named = {"Bucket": bucket, "Key": "a", "UploadId": upload_id, "PartNumber": number}
        assert error(store.upload_part, **named, Body=b"x") == (400, "InvalidArgument"), number
    assert all_keys(store, bucket) == []
    complete(store, bucket, "a", upload_id, parts)
    assert read(store, bucket, "a") == big + b"end"
    small_id, small = start(store, bucket, "small", b"too small", b"end")
    assert error(complete, store, bucket, "small", small_id, small) == (400, "EntityTooSmall")


def test_a_part_may_be_copied_from_an_object(store, bucket):
    body = photo_bytes("part", 2 * PART)
    store.put_object(Bucket=bucket, Key="source", Body=body)
    upload_id = store.create_multipart_upload(Bucket=bucket, Key="copy")["UploadId"]
    named = {"Bucket": bucket, "Key": "copy", "UploadId": upload_id, "CopySource": {"Bucket": bucket, "Key": "source"}}
    first = store.upload_part_copy(**named, PartNumber=1, CopySourceRange=f"bytes=0-{PART - 1}")
    second = store.upload_part_copy(**named, PartNumber=2, CopySourceRange=f"bytes={PART}-{2 * PART - 1}")
    outside = f"bytes=0-{2 * PART}"
    assert error(store.upload_part_copy, **named, PartNumber=3, CopySourceRange=outside) == (400, "InvalidArgument")
    parts = [{"PartNumber": n, "ETag": part["CopyPartResult"]["ETag"]} for n, part in ((1, first), (2, second))]
    complete(store, bucket, "copy", upload_id, parts)
    assert read(store, bucket, "copy") == body


# Listing.


@pytest.fixture(scope="module")
def crowd(store):
    """A bucket of 2,500 objects in three folders. It goes with the server: to delete them all takes long."""
    name = unique("crowd").lower()
    store.create_bucket(Bucket=name)
    keys = [f"{'abc'[number % 3]}/{number:05}" for number in range(2_500)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: store.put_object(Bucket=name, Key=key), keys))
    return name, sorted(keys)


def test_2500_keys_are_listed_page_by_page_in_both_versions(store, crowd):
    name, keys = crowd
    pages = list(store.get_paginator("list_objects_v2").paginate(Bucket=name))
    assert [page["KeyCount"] for page in pages] == [1_000, 1_000, 500]
    assert [entry["Key"] for page in pages for entry in page["Contents"]] == keys
    for size in (1, 7, 999):
        config = {"PageSize": size, "MaxItems": 3 * size + 1}
        pages = store.get_paginator("list_objects_v2").paginate(Bucket=name, PaginationConfig=config)
        assert [entry["Key"] for page in pages for entry in page["Contents"]] == keys[: 3 * size + 1]
    pages = list(store.get_paginator("list_objects").paginate(Bucket=name, PaginationConfig={"PageSize": 900}))
    assert [len(page["Contents"]) for page in pages] == [900, 900, 700]
    assert [entry["Key"] for page in pages for entry in page["Contents"]] == keys


def test_listing_starts_after_any_key_and_keeps_to_a_prefix(store, crowd):
    name, keys = crowd
    for after in ("a", keys[0], "b/00", "b/00001x", "c/99999", "\U0010ffff"):
        answer = store.list_objects_v2(Bucket=name, StartAfter=after, MaxKeys=5)
        assert [entry["Key"] for entry in answer.get("Contents", [])] == [key for key in keys if key > after][:5]
        answer = store.list_objects(Bucket=name, Marker=after, MaxKeys=5)
        assert [entry["Key"] for entry in answer.get("Contents", [])] == [key for key in keys if key > after][:5]
    assert all_keys(store, name, "b/") == [key for key in keys if key.startswith("b/")]
    assert all_keys(store, name, "b/000") == [key for key in keys if key.startswith("b/000")]
    assert all_keys(store, name, "nothing") == []
    assert store.list_objects_v2(Bucket=name, MaxKeys=0)["KeyCount"] == 0
    assert error(store.list_objects_v2, Bucket=name, MaxKeys=-1) == (400, "InvalidArgument")
    assert error(store.list_objects_v2, Bucket=name, ContinuationToken="!") == (400, "InvalidArgument")


def test_a_delimiter_folds_folders_also_across_pages(store, crowd):
    name, keys = crowd
    answer = store.list_objects_v2(Bucket=name, Delimiter="/")
    assert [entry["Prefix"] for entry in answer["CommonPrefixes"]] == ["a/", "b/", "c/"]
    assert (answer["KeyCount"], answer["IsTruncated"], answer.get("Contents")) == (3, False, None)
    for version in ("list_objects_v2", "list_objects"):
        pages = store.get_paginator(version).paginate(Bucket=name, Delimiter="/", PaginationConfig={"PageSize": 1})
        folded = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
        assert folded == ["a/", "b/", "c/"], version
    inside = store.list_objects_v2(Bucket=name, Delimiter="/", Prefix="b/", MaxKeys=3)
    assert [entry["Key"] for entry in inside["Contents"]] == [key for key in keys if key.startswith("b/")][:3]
    assert "CommonPrefixes" not in inside


def test_a_delimiter_may_be_any_text(store, bucket):
    for key in ("a--1", "a--2", "b", "é—1", "é—2"):
        store.put_object(Bucket=bucket, Key=key)
    answer = store.list_objects_v2(Bucket=bucket, Delimiter="--")
    assert [entry["Prefix"] for entry in answer["CommonPrefixes"]] == ["a--"]
    assert [entry["Key"] for entry in answer["Contents"]] == ["b", "é—1", "é—2"]
    answer = store.list_objects_v2(Bucket=bucket, Delimiter="—")
    assert [entry["Prefix"] for entry in answer["CommonPrefixes"]] == ["é—"]


def test_a_listing_tells_size_tag_and_time(store, bucket):
    put = store.put_object(Bucket=bucket, Key="a", Body=b"abc")
    (entry,) = store.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"]
    assert (entry["Size"], entry["ETag"], entry["StorageClass"]) == (3, put["ETag"], "STANDARD")
    assert entry["Owner"]["ID"]
    head = store.head_object(Bucket=bucket, Key="a")
    assert entry["LastModified"].replace(microsecond=0) == head["LastModified"]


# Keys.

ODD_KEYS = [
    " ", "a b", " lead", "trail ", "a+b", "a%20b", "a%2Fb", "%", "[1](2){3}", "a&b=c?d#e;f", "a'b\"c", "<xml>&amp;",
    "a\\b", "a:b@c!$,*~^`|", "ü/é", "e\u0301", "写真/📷.jpg", "\u202egpj.exe", "\u00a0", "\u2028", "\ufeffbom",
    "..", ".", "../../etc/passwd", "a/../b", "/", "//", "a//b", "a/", "/a", "a", "a/b", "a/b/c", "A", "A/B", "a/B",
    "jobs/../../photos2/x", "con", "aux.txt", "-", "--", "~", "${filename}", "x" * 1024, "é" * 512, "k/" * 512,
]  # fmt: skip


def test_every_odd_key_is_a_key_of_its_own(store, bucket):
    for key in ODD_KEYS:
        store.put_object(Bucket=bucket, Key=key, Body=key.encode(), Metadata={"n": str(ODD_KEYS.index(key))})
    assert all_keys(store, bucket) == sorted(ODD_KEYS, key=lambda key: key.encode())
    for key in ODD_KEYS:
        assert read(store, bucket, key) == key.encode(), key
        assert store.head_object(Bucket=bucket, Key=key)["Metadata"] == {"n": str(ODD_KEYS.index(key))}, key
        listed = store.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)["Contents"][0]["Key"]
        assert listed == key
    for key in ODD_KEYS[::2]:
        store.delete_object(Bucket=bucket, Key=key)
    assert sorted(all_keys(store, bucket)) == sorted(ODD_KEYS[1::2])


def test_odd_keys_work_in_presigned_urls_and_copies(store, bucket):
    for key in ODD_KEYS:
        url = store.generate_presigned_url("put_object", {"Bucket": bucket, "Key": key})
        answer = exactly(url, "PUT", key.encode())
        assert answer.status == 200, (key, answer.data)
        assert exactly(store.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key})).data == key.encode()
    for number, key in enumerate(ODD_KEYS):
        store.copy_object(Bucket=bucket, Key=f"copy{number}", CopySource={"Bucket": bucket, "Key": key})
        assert read(store, bucket, f"copy{number}") == key.encode(), key


def exactly(url, method="GET", body=None):
    """Asks for a URL as it is signed: no dot segment is resolved, no letter encoded anew."""
    host, path = url.removeprefix("http://").split("/", 1)
    name, port = host.split(":")
    with urllib3.HTTPConnectionPool(name, int(port), timeout=10, retries=False) as pool:
        # `urlopen` sends the path as given; the pool's `request` would tidy it.
        return pool.urlopen(method, "/" + path, body=body, retries=False)


def test_keys_that_cannot_be_are_refused(store, bucket):
    for key in ("x" * 1025, "é" * 513):
        assert error(store.put_object, Bucket=bucket, Key=key) == (400, "KeyTooLongError")
        assert error(store.create_multipart_upload, Bucket=bucket, Key=key) == (400, "KeyTooLongError")
    for key in ("a\x00b", "a\nb", "\x7f", "a\ufffe"):
        assert error(store.put_object, Bucket=bucket, Key=key) == (400, "InvalidArgument"), key
    assert all_keys(store, bucket) == []


# Buckets.


def test_buckets_are_made_found_and_removed_only_when_empty(store):
    name = unique("life").lower()
    assert error(store.head_bucket, Bucket=name) == (404, "404")
    store.create_bucket(Bucket=name)
    assert name in [bucket["Name"] for bucket in store.list_buckets()["Buckets"]]
    assert store.head_bucket(Bucket=name)["BucketRegion"] == "us-east-1"
    assert store.get_bucket_location(Bucket=name)["LocationConstraint"] is None
    store.put_object(Bucket=name, Key="a/b", Body=b"x")
    assert error(store.delete_bucket, Bucket=name) == (409, "BucketNotEmpty")
    assert read(store, name, "a/b") == b"x"
    store.delete_object(Bucket=name, Key="a/b")
    store.delete_bucket(Bucket=name)
    assert error(store.delete_bucket, Bucket=name) == (404, "NoSuchBucket")
    for call in (store.list_objects_v2, store.list_objects):
        assert error(call, Bucket=name) == (404, "NoSuchBucket")
    assert error(store.put_object, Bucket=name, Key="a") == (404, "NoSuchBucket")
    assert error(store.get_object, Bucket=name, Key="a") == (404, "NoSuchBucket")
    assert error(store.delete_object, Bucket=name, Key="a") == (404, "NoSuchBucket")


def test_bucket_names_that_cannot_be_are_refused(server, store):
    loose = s3_support.client(server)
    loose.meta.events.unregister("before-parameter-build.s3", botocore.handlers.validate_bucket_name)
    for name in ("ab", "UPPER", "a_b", "-a-b", "x" * 64, "192.168.1.1"):
        status, code = error(loose.create_bucket, Bucket=name)
        assert (status, code) == (400, "InvalidBucketName"), name
    assert not [bucket["Name"] for bucket in store.list_buckets()["Buckets"] if bucket["Name"] in ("ab", "UPPER")]


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


def clock_set(**offset):
    """Lets botocore believe in another time."""
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(**offset)
    return mock.patch.object(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: now.replace(tzinfo=None))


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

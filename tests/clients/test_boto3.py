"""boto3 as a client of the store: objects, conditions, checksums and uploads in parts, as Amazon S3 has them."""

import base64
import concurrent.futures
import datetime
import hashlib
import io
import zlib

import botocore.exceptions
import pytest
import requests
from boto3.s3.transfer import TransferConfig
from support import s3 as s3_support
from support.caller import photo_bytes, unique
from support.s3 import all_keys, error, read, refusal

MIB = 1 << 20
PART = 5 * MIB


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
        unsigned = store.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a"})
        assert len(requests.get(unsigned, headers={"Range": text}, timeout=10).content) == len(body), text
        # boto3 signs the header, so it cannot be ignored before the signature is checked.
        assert error(store.get_object, Bucket=bucket, Key="a", Range=text)[0] in (400, 416), text
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

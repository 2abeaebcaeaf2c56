"""boto3 as a client of the store: listings, odd keys, buckets."""

import concurrent.futures

import botocore.handlers
import pytest
from support import s3 as s3_support
from support.caller import unique
from support.s3 import all_keys, error, exactly, read

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

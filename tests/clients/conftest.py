"""What the tests of S3 clients share."""

import pytest
from support.caller import unique
from support.s3 import all_keys


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

"""boto3 as a client of the store, and the store's refusals."""

import datetime
import xml.etree.ElementTree as ElementTree
from unittest import mock

import boto3
import botocore.auth
import botocore.exceptions
import pytest
import urllib3
from botocore.config import Config


def client(server, access_key=None, secret_key=None, **config):
    """A boto3 client with the store's own keys, or others. It does not try again: a first failure is a failure.

    The signature's version is named since boto3 presigns with version 2 for endpoints it does not know."""
    settings = {
        "retries": {"total_max_attempts": 1}, "s3": {"addressing_style": "path"}, "signature_version": "s3v4", **config,
    }
    return boto3.client(
        "s3",
        endpoint_url=server.store,
        region_name=server.ready["region"],
        aws_access_key_id=access_key or server.ready["access_key_id"],
        aws_secret_access_key=secret_key or server.ready["secret_access_key"],
        config=Config(**settings),
    )


def all_keys(s3, bucket, prefix=""):
    """Every key of a bucket, page after page."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def refusal(answer):
    """Status and code of an S3 error document. One test of its own looks at what else stands in them."""
    kind = answer.headers.get("Content-Type", "")
    assert kind.startswith("application/xml"), f"{answer.status_code} {kind} {answer.content[:300]}"
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "Error", answer.content[:300]
    return answer.status_code, root.findtext("Code")


def error(call, *arguments, **keywords):
    """Status and code of the refusal that a call must meet."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(*arguments, **keywords)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def read(store, bucket, key, **keywords):
    return store.get_object(Bucket=bucket, Key=key, **keywords)["Body"].read()


def clock_set(**offset):
    """Lets botocore believe in another time."""
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(**offset)
    return mock.patch.object(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: now.replace(tzinfo=None))


def exactly(url, method="GET", body=None):
    """Asks for a URL as it is signed: no dot segment is resolved, no letter encoded anew."""
    host, path = url.removeprefix("http://").split("/", 1)
    name, port = host.split(":")
    with urllib3.HTTPConnectionPool(name, int(port), timeout=10, retries=False) as pool:
        # `urlopen` sends the path as given; the pool's `request` would tidy it.
        return pool.urlopen(method, "/" + path, body=body, retries=False)

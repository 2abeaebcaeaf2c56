"""boto3 as a client of the store, and the store's refusals."""

import xml.etree.ElementTree as ElementTree

import boto3
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

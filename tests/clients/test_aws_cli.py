"""The AWS CLI as a client of the store, with the settings it has by itself."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from support.caller import photo_bytes, unique
from support.s3 import all_keys

HERE = Path(__file__).resolve().parent.parent
MIB = 1 << 20


@pytest.fixture(scope="session")
def program():
    """The `aws` that QDN_AWS_CLI names, or one in a virtual environment beside the tests, made when it is not there."""
    if named := os.environ.get("QDN_AWS_CLI"):
        return named
    requirements = HERE / "requirements-awscli.txt"
    version = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    folder = HERE / ".venv" / f"awscli-{version}"
    done = folder / "complete"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True, timeout=120)
        pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(requirements)], check=True, timeout=600)
        done.touch()
    return str(folder / "bin" / "aws")


@pytest.fixture(scope="session")
def aws(program, server, tmp_path_factory):
    """Runs the CLI as a person does who has set the store's keys and its address, and one thing more: its version 1
    presigns with signatures of version 2 for regions that once had them, which Amazon takes for old buckets only."""
    home = tmp_path_factory.mktemp("aws")
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text("[default]\ns3 =\n    signature_version = s3v4\n")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "AWS_ENDPOINT_URL": server.store,
        "AWS_DEFAULT_REGION": server.ready["region"], "AWS_ACCESS_KEY_ID": server.ready["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": server.ready["secret_access_key"], "AWS_MAX_ATTEMPTS": "1",
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "",
    }

    def run(*arguments, fails=None, folder=None):
        done = subprocess.run(
            [program, *arguments], capture_output=True, encoding="utf-8", timeout=120, env=environment,
            cwd=folder or home,
        )
        if fails is None:
            assert done.returncode == 0, f"aws {' '.join(arguments)}: {done.stderr} {done.stdout}"
        else:
            assert done.returncode != 0 and fails in done.stderr, f"aws {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    return run


@pytest.fixture(scope="module")
def bucket(aws):
    name = unique("cli").lower()
    aws("s3", "mb", f"s3://{name}")
    yield name
    aws("s3", "rb", "--force", f"s3://{name}")


def test_it_lists_what_the_api_granted(aws, server, staff, job):
    grant = staff.upload(job, "front door.jpg", photo_bytes("cli", 4_321))
    line = aws("s3", "ls", f"s3://{server.bucket}/jobs/{job}/photos/").strip()
    assert line.split()[2:] == ["4321", grant["key"].rsplit("/", 1)[1]]
    assert server.bucket in aws("s3", "ls")
    assert f"PRE {job}/" in aws("s3", "ls", f"s3://{server.bucket}/jobs/")


def test_a_large_file_goes_up_in_parts_and_comes_back(aws, bucket, store, tmp_path):
    body = photo_bytes("cli large", 20 * MIB + 1)
    (tmp_path / "large.jpg").write_bytes(body)
    aws("s3", "cp", "large.jpg", f"s3://{bucket}/large.jpg", folder=tmp_path)
    head = store.head_object(Bucket=bucket, Key="large.jpg")
    assert head["ETag"].endswith('-3"') and head["ContentType"] == "image/jpeg"
    aws("s3", "cp", f"s3://{bucket}/large.jpg", "back.jpg", folder=tmp_path)
    assert (tmp_path / "back.jpg").read_bytes() == body
    aws("s3", "mv", f"s3://{bucket}/large.jpg", f"s3://{bucket}/moved/large.jpg")
    assert all_keys(store, bucket) == ["moved/large.jpg"]
    aws("s3", "rm", f"s3://{bucket}/moved/large.jpg")


NAMES = [
    "a b.jpg", "a+b.jpg", "ü/é ñ.jpg", "写真📷.jpg", "[1](2).jpg", "100%.jpg", "x&y=z.jpg",
    "deep/er/down/one.jpg", "~", "'q'.jpg",
]


def test_a_folder_of_unusual_names_is_copied_synced_and_removed(aws, bucket, store, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    for name in NAMES:
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    aws("s3", "cp", "--recursive", str(here), f"s3://{bucket}/copy/")
    assert all_keys(store, bucket, "copy/") == sorted((f"copy/{name}" for name in NAMES), key=str.encode)
    aws("s3", "sync", f"s3://{bucket}/copy/", str(there))
    assert {str(path.relative_to(there)): path.read_bytes() for path in there.rglob("*") if path.is_file()} == {
        name: name.encode() for name in NAMES
    }
    (here / "new.jpg").write_bytes(b"new")
    (here / "a b.jpg").unlink()
    said = aws("s3", "sync", "--no-progress", "--delete", str(here), f"s3://{bucket}/copy/")
    assert sorted(line.split(":")[0] for line in said.splitlines()) == ["delete", "upload"]
    assert aws("s3", "sync", "--no-progress", "--delete", str(here), f"s3://{bucket}/copy/") == ""
    aws("s3", "sync", f"s3://{bucket}/copy/", f"s3://{bucket}/second/")
    assert len(all_keys(store, bucket, "second/")) == len(NAMES)
    aws("s3", "rm", "--recursive", f"s3://{bucket}/")
    assert all_keys(store, bucket) == []


def test_a_presigned_url_of_the_cli_works_in_a_browser(aws, bucket, store):
    store.put_object(Bucket=bucket, Key="a b+c.jpg", Body=b"abc")
    url = aws("s3", "presign", f"s3://{bucket}/a b+c.jpg", "--expires-in", "60").strip()
    assert requests.get(url, timeout=10).content == b"abc"
    store.delete_object(Bucket=bucket, Key="a b+c.jpg")


def test_s3api_says_what_it_stored(aws, bucket, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"abc")

    def api(operation, *arguments, key="a.jpg"):
        named = ["--bucket", bucket, *(["--key", key] if key else [])]
        return json.loads(aws("s3api", operation, *named, *arguments, folder=tmp_path) or "{}")

    put = api("put-object", "--body", "a.jpg", "--content-type", "image/jpeg", "--metadata", "crew=7")
    assert put["ETag"] == f'"{hashlib.md5(b"abc").hexdigest()}"' and put["ChecksumCRC32"]
    head = api("head-object", "--checksum-mode", "ENABLED")
    assert (head["ContentLength"], head["ContentType"], head["Metadata"]) == (3, "image/jpeg", {"crew": "7"})
    assert head["ChecksumCRC32"] == put["ChecksumCRC32"]
    api("put-object", "--body", "a.jpg", "--checksum-algorithm", "SHA256", key="b.jpg")
    part = json.loads(
        aws("s3api", "get-object", "--bucket", bucket, "--key", "a.jpg", "--range", "bytes=1-1", "out", folder=tmp_path)
    )
    assert (part["ContentRange"], (tmp_path / "out").read_bytes()) == ("bytes 1-1/3", b"b")
    listed = api("list-objects-v2", "--max-items", "1", key=None)
    assert [entry["Key"] for entry in listed["Contents"]] == ["a.jpg"] and listed["NextToken"]
    api("put-object", "--body", "a.jpg", "--if-none-match", "*", key="c.jpg")
    aws(
        "s3api", "put-object", "--bucket", bucket, "--key", "c.jpg", "--body", "a.jpg", "--if-none-match", "*",
        folder=tmp_path, fails="PreconditionFailed",
    )
    aws("s3api", "get-object", "--bucket", bucket, "--key", "none", "out", fails="NoSuchKey", folder=tmp_path)
    aws("s3", "rb", f"s3://{bucket}", fails="BucketNotEmpty")
    api("delete-object")
    api("delete-objects", "--delete", "Objects=[{Key=b.jpg},{Key=c.jpg}]", key=None)
    assert "Contents" not in api("list-objects-v2", key=None)


def test_it_is_refused_without_keys(aws, bucket):
    aws("s3", "ls", f"s3://{bucket}", "--no-sign-request", fails="AccessDenied")

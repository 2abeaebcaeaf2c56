"""The README's plain client: a secret application key, an HTTP library or curl, and nothing else of ours."""

import json
import subprocess

import pytest
import requests
from support.caller import Caller, photo_bytes, unique


@pytest.fixture(scope="module")
def secret_key(server):
    """As `qdn key add` prints it."""
    key = server.add_key(unique("plain client"), "--role", "crew")
    assert key.startswith("qdn_sk_") and len(key.split()) == 1
    return key


def check_listed(server, secret_key, staff, job, grants, bodies):
    """The photos are listed for the client itself and for staff, and their URLs give the very bytes."""
    for caller in (Caller(server, secret_key), staff):
        photos = {photo["photo_id"]: photo for photo in caller.photos(job)}
        assert sorted(photos) == sorted(grant["photo_id"] for grant in grants)
        for grant, body in zip(grants, bodies, strict=True):
            photo = photos[grant["photo_id"]]
            assert photo["size"] == len(body) and photo["status"] in ("processing", "ready")
            answer = requests.get(photo["url"], timeout=30)
            assert (answer.content, answer.headers["Content-Type"]) == (body, "image/jpeg")


def test_the_plain_python_client_uploads_photos_and_lists_them(server, staff, job, secret_key, tmp_path):
    api, grants, bodies = server.api, [], [photo_bytes(seed, 300_000) for seed in (1, 2)]
    for number, body in enumerate(bodies):
        path = tmp_path / f"front door {number}.jpg"
        path.write_bytes(body)
        g = requests.post(
            api + "/upload-url", headers={"x-api-key": secret_key}, json={"job_id": job, "photo_name": path.name}
        ).json()
        with path.open("rb") as f:
            answer = requests.post(g["url"], data=g["fields"], files={"file": f})
        assert answer.status_code == 201
        grants.append(g)
    listed = requests.get(api + "/list_photos", headers={"x-api-key": secret_key}, params={"job_id": job}).json()
    assert [photo["name"] for photo in listed["photos"]] == ["front door 0.jpg", "front door 1.jpg"]
    check_listed(server, secret_key, staff, job, grants, bodies)


def curl(*arguments):
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--fail-with-body", "--noproxy", "*", "--max-time", "60", *arguments],
        capture_output=True, timeout=90,
    )
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode("utf-8", "replace")
    return done.stdout


def test_curl_uploads_by_form_and_by_put(server, staff, job, secret_key, tmp_path):
    path, body = tmp_path / "curl.jpg", photo_bytes("curl", 250_000)
    path.write_bytes(body)
    grants = []
    for wish in ({}, {"method": "PUT", "size": len(body)}):
        wish = {"job_id": job, "photo_name": "curl.jpg", **wish}
        answer = curl(server.api + "/upload-url", "-H", f"x-api-key: {secret_key}", "--json", json.dumps(wish))
        grants.append(json.loads(answer))
    form, put = grants
    fields = [part for name, value in form["fields"].items() for part in ("--form-string", f"{name}={value}")]
    assert b"<PostResponse>" in curl(form["url"], *fields, "-F", f"file=@{path}")
    headers = [part for name, value in put["headers"].items() for part in ("-H", f"{name}: {value}")]
    curl(put["url"], "--upload-file", str(path), *headers)
    check_listed(server, secret_key, staff, job, grants, [body, body])


def test_boto3_submits_the_same_form_as_for_amazon(server, store, job, secret_key):
    """Whoever reads `url` and `fields` of `generate_presigned_post` reads ours."""
    grant = Caller(server, secret_key).grant(job)
    theirs = store.generate_presigned_post(
        server.bucket, grant["key"], Fields={"Content-Type": "image/jpeg", "success_action_status": "201"}
    )
    assert set(theirs) <= set(grant)
    assert set(theirs["fields"]) == set(grant["fields"])
    assert theirs["url"] == grant["url"]

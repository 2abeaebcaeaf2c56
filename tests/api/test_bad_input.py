"""Whatever is wrong with a request: 4xx, a problem document that names the field, nothing stored, no failure inside."""

import base64
import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from support import twins
from support.caller import Caller, path_segment, raw, unique, unnormalised, without_signatures
from support.faces import FUNCTION, Server

UNKNOWN_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture(scope="module")
def world(server, staff):
    """A job with a photo and a link, of which nothing may change."""
    job = staff.new_job()
    photo = staff.upload(job, "kept.jpg", caption="kept")
    staff.settled(job)
    if FUNCTION:
        twins.make(server, staff, job, photo)
    return twins.world(staff, job, photo)


@pytest.fixture(autouse=True)
def nothing_is_stored(server, staff, world):
    """Around every test here: the same objects, the same rows, the same list."""

    def everything():
        listed = staff.good("GET", "/list_photos", params={"job_id": world["job_id"]})["photos"]
        job = staff.good("GET", f"/jobs/{world['job_id']}")
        return server.census(), [without_signatures(photo) for photo in listed], without_signatures(job)

    before = everything()
    yield
    assert everything() == before


def check(answer, statuses=(400,), code=None, field=None):
    """A problem document (RFC 9457) of these statuses, naming this field."""
    assert answer.status_code in statuses, f"{answer.status_code} {answer.text[:300]}"
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"] and problem["title"] and problem["detail"] and problem["code"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert len(answer.content) < 2_000
    if code is not None:
        assert problem["code"] == code, problem
    if field is not None:
        assert problem.get("field") == field, problem
    # What is written by hand, byte for byte, is no business of the gateway's.
    if FUNCTION and isinstance(answer, requests.Response):
        twins.compare(answer)
    return problem


# Every operation with a body: a body of it that is right, each field of which the tests then spoil.

BODIES = {
    ("POST", "/upload-url"): {
        "job_id": "{job_id}", "photo_name": "a.jpg", "content_type": "image/jpeg", "size": 5, "sha256": "0" * 64,
        "phase": "before", "caption": "text", "taken_at": "2026-05-04T09:30:00Z", "method": "POST", "expires_in": 60,
        "location": {"latitude": 1.5, "longitude": 2.5}, "idempotency_key": "k",
    },
    ("PATCH", "/jobs/{job_id}/photos/{photo_id}"): {"phase": "before", "caption": "text", "hidden": True},
    ("POST", "/jobs"): {
        "customer_id": "{customer_id}", "title": "T", "address": "A", "scheduled_for": "2026-05-04T09:30:00Z",
        "job_id": "some-job",
    },
    ("PATCH", "/jobs/{job_id}"): {
        "title": "T", "address": "A", "scheduled_for": "2026-05-04T09:30:00Z", "status": "done",
    },
    ("POST", "/customers"): {"name": "N", "phone": "1", "email": "a@example.com"},
    ("PATCH", "/customers/{customer_id}"): {"name": "N", "phone": "1", "email": "a@example.com"},
    ("POST", "/jobs/{job_id}/links"): {"role": "customer", "expires_in": 60, "may_upload": True, "qr": True},
    ("POST", "/jobs/{job_id}/process"): {"again": True},
}
OPERATIONS = pytest.mark.parametrize("operation", BODIES, ids=" ".join)


def path_of(operation, world):
    return operation[1].format(**world)


def body_of(operation, world):
    body = dict(BODIES[operation])
    for name, value in body.items():
        if isinstance(value, str) and value.startswith("{"):
            body[name] = value.format(**world)
    return body


def send(staff, world, operation, body, **headers):
    """Sends a body of any bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = {"Content-Type": "application/json"}
    return staff.call(operation[0], path_of(operation, world), data=data, headers=kind | headers)


@functools.cache
def schemas(api):
    return requests.get(api + "/openapi.json", timeout=10).json()


def schema_of(server, operation):
    """The schema of an operation's body."""
    description = schemas(server.api)
    path, method = operation[1], operation[0].lower()
    reference = description["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return description["components"]["schemas"][reference.rsplit("/", 1)[1]]


def test_every_operation_with_a_body_and_every_field_is_in_the_table(server):
    described = {
        (method.upper(), path)
        for path, operations in schemas(server.api)["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation
    }
    assert set(BODIES) == described
    for operation, body in BODIES.items():
        assert set(schema_of(server, operation)["properties"]) - {"photos"} == set(body), operation
    several = schemas(server.api)["components"]["schemas"]["PhotoUpload"]["properties"]
    assert set(several) == set(BODIES["POST", "/upload-url"]) - {"job_id", "method", "expires_in"}


# Bodies that are no object of JSON.

GOOD = json.dumps({"title": "T"}).encode()
NO_OBJECTS = {
    "nothing": (b"", "body_missing"), "white space": (b" \r\n\t ", "body_missing"),
    "null": (b"null", "body_not_an_object"), "true": (b"true", "body_not_an_object"),
    "a number": (b"12", "body_not_an_object"), "a text": (b'"text"', "body_not_an_object"),
    "an array": (b"[]", "body_not_an_object"), "an array of objects": (b"[{}]", "body_not_an_object"),
    "base64": (base64.b64encode(GOOD), "body_not_an_object"),
    "a form": (b"job_id=a&photo_name=b", "body_not_an_object"),
    "XML": (b"<title>T</title>", "body_not_an_object"), "binary": (bytes(range(256)), "body_not_an_object"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, "body_not_an_object"),
    "gzip": (b"\x1f\x8b\x08\x00", "body_not_an_object"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "body_not_an_object"), "half": (GOOD[:-1], "body_malformed"),
    "an open brace": (b"{", "body_malformed"), "a bare word": (b"{title: 1}", "body_malformed"),
    "single quotes": (b"{'title': 'T'}", "body_malformed"), "a trailing comma": (b'{"title": "T",}', "body_malformed"),
    "two objects": (GOOD + GOOD, "body_malformed"), "trailing text": (GOOD + b" x", "body_malformed"),
    "a comment": (b'{/* */"title": "T"}', "body_malformed"), "NaN": (b'{"title": NaN}', "body_malformed"),
    "no UTF-8": (b'{"title": "\xff\xfe"}', "body_malformed"),
    "an overlong byte": (b'{"title": "\xc0\xaf"}', "body_malformed"),
    "a lone surrogate": (rb'{"title": "\ud800"}', "body_malformed"),
    "a bare NUL": (b'{"title": "a\x00b"}', "body_malformed"),
    "deep arrays": (b'{"title": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", None),
    "deep objects": (b'{"title": ' * 10_000 + b"1" + b"}" * 10_000, None),
    "deep unknown": (b'{"evil": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", None),
}


@OPERATIONS
def test_a_body_that_is_no_json_object_is_refused(staff, world, operation):
    for name, (body, code) in NO_OBJECTS.items():
        for kind in ("application/json", "text/plain", ""):
            answer = send(staff, world, operation, body, **{"Content-Type": kind})
            problem = check(answer)
            # Fields may be looked at before the end of the text is.
            assert code in (None, problem["code"]) or problem["code"] == "invalid_field", (name, problem)


@OPERATIONS
def test_a_body_of_a_megabyte_is_refused(staff, world, operation):
    first = next(iter(BODIES[operation]))
    for body in (
        b" " * (1 << 20), json.dumps({first: "x" * (1 << 20)}).encode(), b"[" * (1 << 20),
        b'{"' + b"k" * (1 << 20) + b'": 1}',
    ):
        check(send(staff, world, operation, body), (413,), "body_too_large")


def test_a_body_that_ends_early_is_refused(server, staff, world):
    host = server.api.removeprefix("http://")
    head = "".join(f"{name}: {value}\r\n" for name, value in staff.headers.items())
    request = f"POST /jobs HTTP/1.1\r\nHost: {host}\r\n{head}Content-Length: 100\r\nConnection: close\r\n\r\n{{"
    answer = raw(server.api, request.encode(), half_close=True)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer


@pytest.mark.embedded
def test_an_answer_that_ends_the_connection_says_so(server):
    """A client keeps the connection for its next request otherwise, and that one fails."""
    host, size = server.api.removeprefix("http://"), 1 << 20
    for key, status in ((server.application_key, 401), ("unknown", 401)):
        head = f"POST /customers HTTP/1.1\r\nHost: {host}\r\nx-api-key: {key}\r\nContent-Length: {size}\r\n\r\n"
        answer = raw(server.api, head.encode() + b" " * size)
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
        assert b"\r\nconnection: close\r\n" in answer.lower()


# Fields.


@OPERATIONS
def test_unknown_and_repeated_fields_are_refused(staff, world, operation):
    body = body_of(operation, world)
    for name in ("evil", "", "__proto__", "Job_id", "job_id ", "é", "a.b", "0"):
        problem = check(send(staff, world, operation, {name: 1} | body), code="invalid_field")
        assert name in problem["field"] and "not known" in problem["detail"]
    check(send(staff, world, operation, {"k" * 100_000: 1} | body), code="invalid_field")
    for name, value in body.items():
        pairs = [*body.items(), (name, value)]
        text = "{" + ",".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in pairs) + "}"
        check(send(staff, world, operation, text.encode()), code="invalid_field", field=name)


@OPERATIONS
def test_a_required_field_must_be_there(server, staff, world, operation):
    body, required = body_of(operation, world), set(schema_of(server, operation).get("required", []))
    if operation[1] == "/upload-url":
        required.add("photo_name")
    for name in required:
        rest = {key: value for key, value in body.items() if key != name}
        check(send(staff, world, operation, rest), code="invalid_field", field=name)
        check(send(staff, world, operation, rest | {name: None}), code="invalid_field", field=name)


WRONG = {
    "null": None, "true": True, "number": 7, "negative": -7, "float": 1.5, "text": "seven", "array": ["a"],
    "object": {"a": 1}, "huge": 10**30, "exponent": 1e300,
}
FITS = {str: {"text"}, bool: {"true"}, int: {"number"}, dict: set()}


@OPERATIONS
def test_a_field_of_another_type_is_refused_by_name(server, staff, world, operation):
    body = body_of(operation, world)
    required = set(schema_of(server, operation).get("required", [])) | {"photo_name"}
    for name, right in body.items():
        for kind, wrong in WRONG.items():
            # `null` is as good as absent where a field may be absent.
            if kind in FITS[type(right)] or (kind == "null" and name not in required):
                continue
            answer = send(staff, world, operation, body | {name: wrong})
            problem = check(answer, code="invalid_field")
            assert re.split(r"[.\[]", problem["field"])[0] == name, (name, kind, problem)


ANY_ID = ["", " ", ".", "..", "a/b", "a b", "é", "a\x00b", "${x}", "%2e", "x" * 65, "x" * 5_000, "👻", "a\n", "'; --"]
ANY_TEXT_WRONG = ["", " \t\n", "a\x00b", "a\x1bb", "\x7f"]
ANY_TIME = [
    "", "now", "2026-05-04", "2026-05-04T09:30", "2026-05-04T09:30:00", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
    "2026-05-04T25:00:00Z", "1714815000", "99999-01-01T00:00:00Z", "2026-05-04T09:30:00+99:00", "2026-05-04T09:30:00Z[",
    "2026-05-04T09:30:00Zx", "٢٠٢٦-٠٥-٠٤T٠٩:٣٠:٠٠Z",
]
ANY_NUMBER = [0, -1, 2**32, 2**63, 2**64, -(2**63), 10**30, 1e400]
VALUES = {
    ("POST", "/upload-url"): {
        "job_id": ANY_ID, "photo_name": ["", " ", "\x00", "\x00\x01\x7f", "a" * 1_025, "a" * 5_000, "📷" * 1_025],
        "content_type": [
            "image", "image/", "/jpeg", "text/html", "image/svg+xml", "image/jpeg; charset=utf-8", "image/jpeg\r\nX: y",
            "application/octet-stream", "image/*", "image/jpeg,image/png", "i" * 5_000, "\x00", " ",
        ],
        "size": [0, *ANY_NUMBER[1:]],
        "sha256": ["", "0" * 63, "0" * 65, "g" * 64, "é" * 32, "+" + "0" * 63, "AAAA", "A" * 44, "=" * 44, " " * 64],
        "phase": ["", "Before", "before ", "later", "null", "x" * 5_000],
        "caption": ["x" * 2_001, "a\x00b", "\x1b[31m"],
        "taken_at": ANY_TIME, "method": ["", "post", "GET", "PATCH", "POST ", "DELETE", "x" * 5_000],
        "expires_in": [0, *ANY_NUMBER[1:]], "idempotency_key": ["", " ", "x" * 256, "a\x00b"],
    },
    ("PATCH", "/jobs/{job_id}/photos/{photo_id}"): {
        "phase": ["", "Before", "later"], "caption": ["x" * 2_001, "a\x00b"],
    },
    ("POST", "/jobs"): {
        "customer_id": ANY_ID, "title": [*ANY_TEXT_WRONG, "x" * 201], "address": ["x" * 501, "a\x00b"],
        "scheduled_for": ANY_TIME, "job_id": ANY_ID,
    },
    ("PATCH", "/jobs/{job_id}"): {
        "title": [*ANY_TEXT_WRONG, "x" * 201], "address": ["x" * 501, "a\x00b"], "scheduled_for": ANY_TIME,
        "status": ["", "Done", "done ", "finished"],
    },
    ("POST", "/customers"): {
        "name": [*ANY_TEXT_WRONG, "x" * 201], "phone": ["1" * 51, "a\x00b"], "email": ["x" * 255, "a\x00b"],
    },
    ("PATCH", "/customers/{customer_id}"): {
        "name": [*ANY_TEXT_WRONG, "x" * 201], "phone": ["1" * 51, "a\x00b"], "email": ["x" * 255, "a\x00b"],
    },
    ("POST", "/jobs/{job_id}/links"): {
        "role": ["", "staff", "Customer", "admin", "customer "],
        "expires_in": [0, 1, 59, 366 * 86_400 + 1, *ANY_NUMBER[1:]],
    },
    ("POST", "/jobs/{job_id}/process"): {},
}


@OPERATIONS
def test_a_value_that_cannot_be_is_refused_by_the_name_of_its_field(staff, world, operation):
    for name, values in VALUES[operation].items():
        for value in values:
            text = json.dumps(body_of(operation, world) | {name: value}).replace("Infinity", "1e400")
            answer = send(staff, world, operation, text.encode())
            statuses = (413,) if name == "size" and isinstance(value, int) and 0 < value < 2**64 else (400,)
            if isinstance(value, float):
                # A number that no type of the language can hold may be called malformed.
                check(answer)
            else:
                check(answer, statuses, field=name)


def test_a_location_must_lie_on_the_earth(staff, world):
    operation = ("POST", "/upload-url")
    for place, field in (
        ({"latitude": 90.1, "longitude": 0}, "location"), ({"latitude": -91, "longitude": 0}, "location"),
        ({"latitude": 0, "longitude": 180.5}, "location"), ({"latitude": 1e308, "longitude": 0}, "location"),
        ({"latitude": 0}, "location.longitude"), ({}, "location.latitude"),
        ({"latitude": "1", "longitude": 2}, "location.latitude"),
        ({"latitude": None, "longitude": 2}, "location.latitude"),
        ({"latitude": 1, "longitude": 2, "altitude": 3}, "location.altitude"),
    ):
        body = body_of(operation, world) | {"location": place}
        check(send(staff, world, operation, body), code="invalid_field", field=field)


def test_an_array_stands_for_no_object(staff, world):
    good = {"job_id": world["job_id"], "photo_name": "a.jpg"}
    check(staff.post("/upload-url", good | {"location": [48.1, 11.5]}), code="invalid_field", field="location")
    photo = ["a.jpg", "image/jpeg", 5, None, None, None, None, None, None]
    batch = {"job_id": world["job_id"], "photos": [photo]}
    check(staff.post("/upload-url", batch), code="invalid_field", field="photos[0]")


def test_a_size_over_the_limit_is_413(staff, world):
    limit = 100 << 20
    for size in (limit + 1, 2**32, 2**53, 2**64 - 1):
        for method in ("POST", "PUT"):
            body = {"job_id": world["job_id"], "photo_name": "a.jpg", "size": size, "method": method}
            check(staff.post("/upload-url", body), (413,), "photo_too_large", "size")
    check(staff.post("/upload-url", {"job_id": world["job_id"], "photo_name": "a.jpg", "size": 2**64}), field="size")


def test_a_name_that_is_no_photos_needs_a_type(staff, world):
    for name in ("a.txt", "a.svg", "a.jpg.exe", "a.jpg ~"):
        body = {"job_id": world["job_id"], "photo_name": name}
        check(staff.post("/upload-url", body), code="invalid_field", field="content_type")


def test_a_batch_that_is_wrong_is_refused_as_a_whole(staff, world):
    photo = {"photo_name": "a.jpg", "size": 10}
    cases = [
        ([], "photos"), ([photo] * 101, "photos"), ([photo] * 10_000, "photos"), ("a.jpg", "photos"), (7, "photos"),
        ({}, "photos"), ([photo, None], "photos[1]"), ([photo, "a.jpg"], "photos[1]"), ([photo, []], "photos[1]"),
        ([photo, {}], "photos[1].photo_name"), ([photo, photo | {"size": -1}], "photos[1].size"),
        ([photo, photo | {"size": 2**40}], "photos[1].size"), ([photo, photo | {"evil": 1}], "photos[1].evil"),
        ([photo, photo | {"job_id": world["job_id"]}], "photos[1].job_id"),
        ([photo, photo | {"sha256": "x"}], "photos[1].sha256"), ([photo, photo | {"phase": "x"}], "photos[1].phase"),
        ([photo, photo | {"taken_at": "x"}], "photos[1].taken_at"),
        ([photo, photo | {"location": {"latitude": 99, "longitude": 0}}], "photos[1].location"),
        ([photo, photo | {"content_type": "text/html"}], "photos[1].content_type"),
    ]
    for photos, field in cases:
        problem = check(staff.post("/upload-url", {"job_id": world["job_id"], "photos": photos}), (400, 413))
        assert problem["field"] == field, (photos if len(str(photos)) < 500 else field, problem)
    both = {"job_id": world["job_id"], "photos": [photo], "photo_name": "b.jpg"}
    check(staff.post("/upload-url", both), code="invalid_field", field="photo_name")


# Addresses.

PATHS = [
    ("GET", "/jobs/{}"), ("PATCH", "/jobs/{}"), ("GET", "/customers/{}"), ("GET", "/jobs/{}/links"),
    ("POST", "/jobs/{}/links"), ("DELETE", "/links/{}"), ("DELETE", "/jobs/JOB/photos/{}"),
    ("PATCH", "/jobs/JOB/photos/{}"), ("GET", "/jobs/JOB/photos/{}"), ("GET", "/jobs/{}/photos/" + UNKNOWN_ID),
    ("GET", "/jobs/{}/photos.zip"),
    ("PATCH", "/customers/{}"), ("DELETE", "/jobs/{}/photos/" + UNKNOWN_ID),
]
SEGMENTS = [
    *[path_segment(text) for text in ANY_ID if text not in ("", ".", "..")], "x" * 20_000, "%00", "%ff%fe", "%C0%AF",
    "%", "%z", "%zz", "%2", "%2e%2e", "%2e%2e%2fjobs", "..", ".", "%2F", "%2f%2f", "*", "{job_id}", ":job_id", "null",
    "undefined", "0", "-1", "a;b", "a=b", "a&b", "%0d%0aX-Evil:1", "%25", "%u0041", "~", "'", '%22',
]


@pytest.mark.parametrize(("method", "path"), PATHS, ids=[" ".join(one) for one in PATHS])
def test_an_id_that_cannot_exist_is_not_found(server, staff, world, method, path):
    bodies = {"PATCH": b"{}", "POST": b'{"role": "customer"}'}
    for segment in SEGMENTS:
        target = path.replace("JOB", world["job_id"]).format(segment)
        answer = unnormalised(server.api, method, target, staff.headers, bodies.get(method))
        # Two slashes make another address, which may be one for another method.
        problem = check(answer, (404, 405))
        assert "evil" not in {name.lower() for name in answer.headers}, segment
        assert problem["code"] in (
            "job_not_found", "customer_not_found", "photo_not_found", "link_not_found", "not_found",
            "method_not_allowed",
        ), (segment, problem)


def test_an_address_that_is_none_is_not_found(server, staff):
    for target in (
        "/nothing", "//", "/jobs/", "/jobs//", "//jobs", "/Jobs", "/list_photos/", "/upload-url/x", "/api/jobs",
        "/openapi.json/", "/.env", "/.git/config", "/assets/../../keys.json", "/assets/%2e%2e%2fkeys.json",
        "/assets/", "/assets/x", "/favicon.ico", "/%", "/%zz", "/%ff", "/jobs/a/b/c/d/e", "/" + "a/" * 5_000,
    ):
        check(unnormalised(server.api, "GET", target, staff.headers), (404,), "not_found")


def test_a_method_that_is_none_is_not_allowed(server, staff, world):
    for method, path in (
        ("PUT", "/upload-url"), ("GET", "/upload-url"), ("POST", "/list_photos"), ("DELETE", "/jobs"), ("PUT", "/jobs"),
        ("POST", "/jobs/x"), ("TRACE", "/jobs"), ("EVIL", "/jobs"), ("POST", "/healthz"), ("PATCH", "/session"),
    ):
        check(staff.call(method, path), (405,), "method_not_allowed")


def cursor(text):
    """A cursor as the lists make them, of any text."""
    return base64.urlsafe_b64encode(text).decode().strip("=")


QUERIES = {
    "/list_photos": [
        ("", "job_id"), ("?", "job_id"), ("?=", ""), ("?&&", "job_id"), ("?job_id", "job_id"), ("?job_id=", "job_id"),
        ("?job_id=%00", "job_id"), ("?job_id=%ff", "job_id"), ("?job_id=%", "job_id"), ("?job_id=%zz", "job_id"),
        ("?job_id=a%2Fb", "job_id"), ("?job_id=a+b", "job_id"), ("?job_id=" + "x" * 65, "job_id"),
        ("?job_id=" + "x" * 20_000, "job_id"), ("?job_id=JOB&job_id=JOB", "job_id"), ("?job_id[]=JOB", "job_id[]"),
        ("?JOB_ID=JOB", "JOB_ID"), ("?job_id=JOB&evil=1", "evil"), ("?job_id=JOB&%65vil", "evil"),
        *[(f"?job_id=JOB&limit={text}", "limit") for text in (
            "", "0", "-1", "1001", "99999999999999999999", "1.5", "1e2", "abc", "null", "0x10", "%20", "+-1", "٣",
            "%ff",
        )],
        *[(f"?job_id=JOB&cursor={text}", "cursor") for text in (
            "", "x", "%00", "====", "!!!!", "a" * 5_000, cursor(b"jobs/other/photos/a"), cursor(b"\xff\xfe"),
            cursor(b"../.."), cursor(b"../..") + "=",
        )],
    ],
    "/jobs": [
        ("?evil=1", "evil"), ("?q=a&q=b", "q"), ("?q=" + "x" * 201, "q"), ("?q=%00", "q"),
        ("?status=finished", "status"), ("?status=Done", "status"),
        *[(f"?limit={text}", "limit") for text in ("", "0", "-1", "201", "abc", "1.5")],
        *[(f"?cursor={text}", "cursor") for text in (
            "", "x", "%00", cursor(b"no slash"), cursor(b"x/y"), cursor(b"1/a b"), cursor(b"1/"), cursor(b"/a"),
            cursor(b"999999999999999999/a"), cursor(b"-999999999999999999/a"),
        )],
    ],
    "/events": [("?evil=1", "evil"), ("?job_id=", "job_id"), ("?job_id=a%2Fb", "job_id"), ("?job_id=a&job_id=b", "job_id")],
    "/customers": [
        ("?q=a", "q"), ("?limit=0", "limit"), ("?limit=201", "limit"), ("?cursor=%00", "cursor"),
        ("?cursor=YSBi", "cursor"),
    ],
}


@pytest.mark.parametrize("path", QUERIES)
def test_a_query_that_is_wrong_is_refused_by_the_name_of_its_field(server, staff, world, path):
    for query, field in QUERIES[path]:
        target = path + query.replace("=JOB", "=" + world["job_id"])
        answer = unnormalised(server.api, "GET", target.encode(), staff.headers)
        check(answer, code="invalid_field", field=field)


# Headers.


def test_a_key_or_token_that_is_none_is_refused(server, world):
    job = f"/list_photos?job_id={world['job_id']}"
    good = {"x-api-key": server.application_key, "Authorization": f"Bearer {server.tokens['staff']}"}
    assert unnormalised(server.api, "GET", job, good).status_code == 200
    for key in (b"", b" ", b"x", b"\xff\xfe", b"x" * 10_000, "é".encode(), server.application_key[:-1].encode(),
                server.application_key.upper().encode(), server.tokens["staff"].encode(), b"' OR 1=1 --", b"null"):
        answer = unnormalised(server.api, "GET", job, good | {"x-api-key": key})
        check(answer, (401,), "application_key_unknown")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    token = server.tokens["staff"].encode()
    for value in (
        b"", b"Bearer", b"Bearer ", b"Bearer  ", b"Bearer x", b"Basic " + base64.b64encode(b"a:b"), token,
        b"bearer" + token,
        b"Bearer " + token[:-1], b"Bearer " + token + b"x", b"Bearer " + token + b" x", b"Bearer \xff\xfe",
        b"Bearer " + b"x" * 10_000, b"Digest " + token, b"Bearer," + token, b"Bearer\t" + token,
        b"Bearer " + server.application_key.encode(), b"AWS4-HMAC-SHA256 Credential=x",
    ):
        answer = unnormalised(server.api, "GET", job, good | {"Authorization": value})
        # A scheme that is not ours may be a proxy's: it shows no token, rather than a wrong one.
        foreign = value.startswith((b"Basic ", b"Digest ", b"AWS4-"))
        check(answer, (401,), "token_missing" if foreign else "token_invalid")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    for name, code in (("Authorization", "application_key_missing"), ("x-api-key", "token_missing")):
        check(unnormalised(server.api, "GET", job, {name: good[name]}), (401,), code)
    for cookie in (b"qdn-staff=", b"qdn-staff=x", b"=", b";;;", b"qdn-staff", b"\xff", b"qdn-staff=" + b"x" * 10_000,
                   b"qdn-staff=\"" + token + b"\"", b"QDN-STAFF=" + token):
        answer = unnormalised(server.api, "GET", job, {"x-api-key": good["x-api-key"], "Cookie": cookie})
        check(answer, (401,))


def test_a_key_or_token_given_twice_is_not_added_up(server, world):
    """Two different ones: whichever counts, it must not be the sum."""
    job, headers = f"/list_photos?job_id={world['job_id']}", {"x-api-key": server.application_key}
    for values in ((b"Bearer x", server.tokens["staff"].encode()), (b"Basic eA==", b"Bearer x")):
        twice = headers | {"Authorization": values[0] + b"\r\nAuthorization: " + values[1]}
        check(unnormalised(server.api, "GET", job, twice), (400, 401))


@pytest.mark.embedded
def test_a_host_that_is_none_is_refused(server, staff, world):
    """The answer of the API names the store by the host that the request used, so that must be one."""
    body = json.dumps({"job_id": world["job_id"], "photo_name": "a.jpg"}).encode()
    for host in (b"", b"a b", b"a/b", b"user@host", b"evil\xff", b"http://x", b":80", b"[::1", b"a:b:c", b"a:99999999",
                 b"<script>", b"x" * 5_000 + b"!", b"a?b", b"a#b", b"a\\b"):
        asked = (("POST", "/upload-url", body), ("GET", f"/list_photos?job_id={world['job_id']}", None))
        for method, target, sent in asked:
            answer = unnormalised(server.api, method, target, staff.headers | {"Host": host}, sent)
            assert answer.status_code == 400, (host, answer.text)
            check(answer, code="invalid_header")


@pytest.mark.embedded
def test_requests_that_are_no_http_are_refused(server):
    """Here not even a problem document can be asked for: the connection ends or says 4xx, and the server goes on."""
    host = server.api.removeprefix("http://").encode()
    for request in (
        b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
        b"\x00" * 1_000,
        b"GET /jobs HTTP/1.1\r\n\r\n", b"GET /jobs HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /jobs HTTP/1.1\r\nHost: " + host + b"\r\nBad Header: x\r\n\r\n",
        b"GET /j\xffbs HTTP/1.1\r\nHost: " + host + b"\r\n\r\n", b"GET /a b HTTP/1.1\r\nHost: " + host + b"\r\n\r\n",
        b"POST /jobs HTTP/1.1\r\nHost: " + host + b"\r\nContent-Length: -1\r\n\r\n",
        b"POST /jobs HTTP/1.1\r\nHost: " + host + b"\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /jobs HTTP/1.1\r\nHost: " + host + b"\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /jobs HTTP/1.1\r\nHost: " + host + b"\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: " + host + b"\r\n\r\n",
    ):
        answer = raw(server.api, request, half_close=True)
        assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), (request[:60], answer[:200])
    assert requests.get(server.api + "/readyz", timeout=10).status_code == 200


# Everything else, as a machine thinks of it.


@pytest.mark.embedded
def test_schemathesis_finds_no_server_error_and_no_undescribed_answer(tmp_path):
    """A server of its own: generated requests delete photos and make jobs."""
    server = Server(tmp_path).start()
    try:
        key = server.add_key(unique("schemathesis"), "--role", "staff")
        staff = Caller(server, key)
        job = server.ready["sample_job_id"]
        staff.upload(job)
        checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
        command = [
            str(Path(sys.executable).with_name("st")), "run", server.api + "/openapi.json", "--continue-on-failure",
            "--checks", checks, "--header", f"x-api-key: {key}", "--max-examples", "30", "--seed", "7",
            # A stream has no end for as long as anybody would wait.
            "--exclude-path", "/events", "--generation-database", "none", "--request-timeout", "10", "--no-color",
        ]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SCHEMATHESIS")}
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", timeout=180, cwd=tmp_path, env=environment
        )
        assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    finally:
        assert server.stop() == 0
    assert "panicked" not in server.log()

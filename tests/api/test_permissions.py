"""Who may do what: every role, every endpoint, a job of one's own, of somebody else, and one that does not exist."""

import itertools
import re
import types

import pytest
import requests
from support import caller as callers
from support.caller import Caller, path_segment, unique
from support.faces import FUNCTION, Server

UNKNOWN_JOB = "no-such-job"
UNKNOWN_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

# Columns. `link` is the token of a link, shown with the pages' publishable key; `key` a secret application key alone.
# Everybody but staff and the staff key is scoped to one job, their own.
ACTORS = (
    "staff link", "staff link to a job", "crew link", "customer link", "customer upload link",
    "staff key", "staff key to a job", "crew key", "customer key",
    "publishable key alone", "nothing", "token without key", "revoked link", "expired link",
)

# The endpoint, of what, and the status for each of the actors above.
#                                                   link                key             neither
#                                                   all job crw cus upl all job crw cus pub non tok rev exp
TABLE = """
POST   /upload-url                         own     200 200 200 403 200 200 200 200 403 401 401 401 401 401
POST   /upload-url                         foreign 200 404 404 404 404 200 404 404 404 401 401 401 401 401
POST   /upload-url                         unknown 404 404 404 404 404 404 404 404 404 401 401 401 401 401
GET    /list_photos                        own     200 200 200 200 200 200 200 200 200 401 401 401 401 401
GET    /list_photos                        foreign 200 404 404 404 404 200 404 404 404 401 401 401 401 401
GET    /list_photos                        unknown 404 404 404 404 404 404 404 404 404 401 401 401 401 401
GET    /jobs/{job_id}/photos/{photo_id}    own     200 200 200 200 200 200 200 200 200 401 401 401 401 401
GET    /jobs/{job_id}/photos/{photo_id}    foreign 200 404 404 404 404 200 404 404 404 401 401 401 401 401
GET    /jobs/{job_id}/photos/{photo_id}    unknown 404 404 404 404 404 404 404 404 404 401 401 401 401 401
PATCH  /jobs/{job_id}/photos/{photo_id}    own     204 204 403 403 403 204 204 403 403 401 401 401 401 401
PATCH  /jobs/{job_id}/photos/{photo_id}    foreign 204 404 404 404 404 204 404 404 404 401 401 401 401 401
PATCH  /jobs/{job_id}/photos/{photo_id}    unknown 404 404 404 404 404 404 404 404 404 401 401 401 401 401
DELETE /jobs/{job_id}/photos/{photo_id}    own     204 204 403 403 403 204 204 403 403 401 401 401 401 401
DELETE /jobs/{job_id}/photos/{photo_id}    foreign 204 404 404 404 404 204 404 404 404 401 401 401 401 401
DELETE /jobs/{job_id}/photos/{photo_id}    unknown 404 404 404 404 404 404 404 404 404 401 401 401 401 401
POST   /jobs/{job_id}/process              own     200 200 403 403 403 200 200 403 403 401 401 401 401 401
POST   /jobs/{job_id}/process              foreign 200 404 404 404 404 200 404 404 404 401 401 401 401 401
POST   /jobs/{job_id}/process              unknown 404 404 404 404 404 404 404 404 404 401 401 401 401 401
GET    /metrics                            any     200 403 403 403 403 200 403 403 403 401 401 401 401 401
POST   /jobs                               any     201 403 403 403 403 201 403 403 403 401 401 401 401 401
GET    /jobs                               any     200 200 200 200 200 200 200 200 200 401 401 401 401 401
GET    /jobs/{job_id}                      own     200 200 200 200 200 200 200 200 200 401 401 401 401 401
GET    /jobs/{job_id}                      foreign 200 404 404 404 404 200 404 404 404 401 401 401 401 401
GET    /jobs/{job_id}                      unknown 404 404 404 404 404 404 404 404 404 401 401 401 401 401
PATCH  /jobs/{job_id}                      own     200 200 403 403 403 200 200 403 403 401 401 401 401 401
PATCH  /jobs/{job_id}                      foreign 200 404 404 404 404 200 404 404 404 401 401 401 401 401
PATCH  /jobs/{job_id}                      unknown 404 404 404 404 404 404 404 404 404 401 401 401 401 401
POST   /customers                          any     201 403 403 403 403 201 403 403 403 401 401 401 401 401
GET    /customers                          any     200 200 200 200 200 200 200 200 200 401 401 401 401 401
GET    /customers/{customer_id}            own     200 200 200 200 200 200 200 200 200 401 401 401 401 401
GET    /customers/{customer_id}            foreign 200 404 404 404 404 200 404 404 404 401 401 401 401 401
GET    /customers/{customer_id}            unknown 404 404 404 404 404 404 404 404 404 401 401 401 401 401
PATCH  /customers/{customer_id}            own     200 403 403 403 403 200 403 403 403 401 401 401 401 401
PATCH  /customers/{customer_id}            foreign 200 404 404 404 404 200 404 404 404 401 401 401 401 401
PATCH  /customers/{customer_id}            unknown 404 404 404 404 404 404 404 404 404 401 401 401 401 401
POST   /jobs/{job_id}/links                own     201 201 403 403 403 201 201 403 403 401 401 401 401 401
POST   /jobs/{job_id}/links                foreign 201 404 404 404 404 201 404 404 404 401 401 401 401 401
POST   /jobs/{job_id}/links                unknown 404 404 404 404 404 404 404 404 404 401 401 401 401 401
GET    /jobs/{job_id}/links                own     200 200 403 403 403 200 200 403 403 401 401 401 401 401
GET    /jobs/{job_id}/links                foreign 200 404 404 404 404 200 404 404 404 401 401 401 401 401
GET    /jobs/{job_id}/links                unknown 404 404 404 404 404 404 404 404 404 401 401 401 401 401
DELETE /links/{link_id}                    own     204 204 403 403 403 204 204 403 403 401 401 401 401 401
DELETE /links/{link_id}                    foreign 204 404 403 403 403 204 404 403 403 401 401 401 401 401
DELETE /links/{link_id}                    unknown 404 404 403 403 403 404 404 403 403 401 401 401 401 401
POST   /session                            any     200 200 200 200 200 401 401 401 401 401 401 401 401 401
GET    /session                            any     200 200 200 200 200 200 200 200 200 401 401 401 401 401
DELETE /session                            any     204 204 204 204 204 204 204 204 204 204 204 204 204 204
GET    /jobs/{job_id}/photos.zip           own     200 200 200 200 200 200 200 200 200 401 401 401 401 401
GET    /jobs/{job_id}/photos.zip           foreign 200 404 404 404 404 200 404 404 404 401 401 401 401 401
GET    /jobs/{job_id}/photos.zip           unknown 404 404 404 404 404 404 404 404 404 401 401 401 401 401
GET    /events                             own     200 200 200 200 200 200 200 200 200 401 401 401 401 401
GET    /events                             foreign 200 404 404 404 404 200 404 404 404 401 401 401 401 401
GET    /events                             unknown 404 404 404 404 404 404 404 404 404 401 401 401 401 401
GET    /shortcuts/android.json             any     403 403 200 403 403 401 401 401 401 401 401 401 401 401
GET    /shortcuts/android.json             any     403 403 200 403 403 401 401 401 401 401 401 401 401 401
GET    /config.json                        any     200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET    /healthz                            any     200 200 200 200 200 200 200 200 200 200 200 200 200 200
GET    /readyz                             any     200 200 200 200 200 200 200 200 200 200 200 200 200 200
"""


def row(line):
    method, path, whose, *statuses = line.split()
    assert len(statuses) == len(ACTORS), line
    return method, path, whose, [int(status) for status in statuses]


ROWS = [row(line) for line in TABLE.strip().splitlines()]


@pytest.fixture(scope="module")
def world(server, staff):
    """Two jobs of two customers, and everybody who might come."""
    own, foreign = staff.new_job(), staff.new_job()
    public = server.application_key

    def link(role, **fields):
        return Caller(server, public, staff.new_link(own, role, **fields)["token"])

    def key(*options):
        return Caller(server, server.add_key(unique("key"), *options))

    revoked = staff.new_link(own, "crew")
    staff.good("DELETE", f"/links/{revoked['link_id']}")
    actors = {
        "staff link": staff,
        "staff link to a job": Caller(server, public, server.add_link("staff", "--job", own)[0]),
        "crew link": link("crew"),
        "customer link": link("customer"),
        "customer upload link": link("customer", may_upload=True),
        "staff key": key("--role", "staff"),
        "staff key to a job": key("--role", "staff", "--job", own),
        "crew key": key("--role", "crew", "--job", own),
        "customer key": key("--role", "customer", "--job", own),
        "publishable key alone": Caller(server, public),
        "nothing": Caller(server),
        "token without key": Caller(server, None, server.tokens["staff"]),
        "revoked link": Caller(server, public, revoked["token"]),
        "expired link": Caller(
            server, public, server.add_link("crew", "--job", own, "--days", "1", age="2d")[0]
        ),
    }
    return types.SimpleNamespace(
        server=server, staff=staff, own=own, foreign=foreign, actors=actors,
        customers={
            "own": staff.good("GET", f"/jobs/{own}")["customer"]["customer_id"],
            "foreign": staff.good("GET", f"/jobs/{foreign}")["customer"]["customer_id"],
            "unknown": UNKNOWN_ID,
        },
    )


def request_of(world, method, path, whose, seed):
    """What to send, so that nothing but the permission can be in the way."""
    job_id = {"own": world.own, "foreign": world.foreign}.get(whose, UNKNOWN_JOB)
    ids = {"job_id": job_id, "customer_id": world.customers.get(whose), "photo_id": UNKNOWN_ID, "link_id": UNKNOWN_ID}
    if "{photo_id}" in path and whose != "unknown":
        # One who reads it must find its bytes.
        new = world.staff.upload if method == "GET" else world.staff.grant
        ids["photo_id"] = new(job_id)["photo_id"]
    if "{link_id}" in path and whose != "unknown":
        ids["link_id"] = world.staff.new_link(job_id)["link_id"]
    rest = {
        "POST /upload-url": {"json": {"job_id": job_id, "photo_name": "a.jpg"}},
        "GET /list_photos": {"params": {"job_id": job_id}},
        "GET /events": {"params": {"job_id": job_id}, "stream": True},
        "PATCH /jobs/{job_id}/photos/{photo_id}": {"json": {"caption": "seen"}},
        "POST /jobs": {"json": {"customer_id": world.customers["own"], "title": "New"}},
        "PATCH /jobs/{job_id}": {"json": {"address": "1 Main Street"}},
        "POST /customers": {"json": {"name": "New"}},
        "PATCH /customers/{customer_id}": {"json": {"email": "new@example.com"}},
        "POST /jobs/{job_id}/process": {"json": {}},
        "POST /jobs/{job_id}/links": {"json": {"role": "customer"}},
        # Signing out takes a cookie away and nothing else; the header shows that it is a page of ours that asks.
        "DELETE /session": {"headers": {"x-qdn-role": "crew"}},
    }
    return path.format(**ids), rest.get(f"{method} {path}", {})


def test_the_table_names_every_operation_of_the_description_and_no_other(server):
    described = {
        (method.upper(), path)
        for path, operations in requests.get(server.api + "/openapi.json", timeout=10).json()["paths"].items()
        for method in operations
        if method in {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
    }
    assert {(method, path) for method, path, _, _ in ROWS} == described


@pytest.mark.parametrize(
    ("method", "path", "whose", "statuses"), ROWS, ids=[" ".join(row[:3]) for row in ROWS]
)
def test_every_role_gets_the_status_of_the_table(world, method, path, whose, statuses):
    wrong = []
    for actor, expected in zip(ACTORS, statuses, strict=True):
        target, rest = request_of(world, method, path, whose, actor)
        answer = world.actors[actor].call(method, target, **rest)
        if FUNCTION and path == "/events" and expected == 200:
            expected = 404
        if answer.status_code != expected:
            wrong.append(f"{actor}: {answer.status_code} instead of {expected}: {answer.text[:200]}")
        if answer.status_code >= 400:
            check_problem(answer)
        answer.close()
    assert not wrong, "\n".join(wrong)


def check_problem(answer):
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert re.fullmatch(r"[a-z_]+", problem["code"]) and problem["detail"] and problem["title"]


BY_JOB = [(method, path) for method, path, whose, _ in ROWS if whose == "foreign" and "customer" not in path]


@pytest.mark.parametrize(("method", "path"), BY_JOB, ids=[" ".join(row) for row in BY_JOB])
def test_a_job_of_somebody_else_and_one_that_does_not_exist_are_the_same_answer(world, method, path):
    for actor in ("staff link to a job", "crew link", "customer link", "customer upload link", "crew key"):
        seen = []
        for whose in ("foreign", "unknown"):
            target, rest = request_of(world, method, path, whose, actor)
            answer = world.actors[actor].call(method, target, **rest)
            seen.append(without_request_id(answer))
        assert seen[0] == seen[1], actor


def without_request_id(answer):
    request_id = answer.headers["x-request-id"]
    body = answer.content.replace(request_id.encode(), b"")
    assert len(body) == len(answer.content) - len(request_id)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    del headers["date"], headers["x-request-id"]
    return answer.status_code, headers, body


# What stands in the answers.


def test_a_list_of_jobs_holds_those_in_scope_only(world):
    for actor in ("staff link to a job", "crew link", "customer link", "crew key"):
        jobs = world.actors[actor].good("GET", "/jobs")["jobs"]
        assert [job["job_id"] for job in jobs] == [world.own], actor
        found = world.actors[actor].good("GET", "/jobs", params={"q": world.foreign})["jobs"]
        assert found == [], actor


def test_crew_can_reach_the_customer_and_a_customers_link_tells_no_way_to(server, staff):
    customer_id = staff.new_customer(phone="555-0199", email="who@example.com")
    job_id = staff.new_job(customer_id)
    staff.upload(job_id)
    # The job's cover comes with the photo's renditions.
    staff.settled(job_id)
    seen = {}
    for role in ("crew", "customer"):
        caller = Caller(server, server.application_key, staff.new_link(job_id, role)["token"])
        seen[role] = caller.good("GET", f"/jobs/{job_id}")
        assert [seen[role]] == caller.good("GET", "/jobs")["jobs"]
    assert seen["customer"]["title"] and seen["customer"]["status"] == "scheduled"
    assert [seen["customer"][field] for field in ("customer", "created_at", "photo_count", "cover_url")] == [None] * 4
    whole = staff.good("GET", f"/customers/{customer_id}")
    assert (whole["phone"], whole["email"]) == ("555-0199", "who@example.com")
    assert seen["crew"]["customer"] == whole


def test_customers_are_read_within_scope_only(server, staff):
    customer_id, other_id = staff.new_customer(phone="555-0199", email="who@example.com"), staff.new_customer()
    job_id = staff.new_job(customer_id)
    whole = staff.good("GET", f"/customers/{customer_id}")
    for role, expected in (("crew", whole), ("customer", whole | {"phone": None, "email": None})):
        by_link = Caller(server, server.application_key, staff.new_link(job_id, role)["token"])
        by_key = Caller(server, server.add_key(unique("key"), "--role", role, "--job", job_id))
        for caller in (by_link, by_key):
            assert caller.good("GET", "/customers") == {"customers": [expected], "next_cursor": None}
            assert caller.good("GET", f"/customers/{customer_id}") == expected
            assert caller.get(f"/customers/{other_id}").status_code == 404


def test_customers_never_see_a_hidden_photo(server, staff, job):
    shown, hidden = staff.upload(job, "shown.jpg"), staff.upload(job, "hidden.jpg")
    staff.good("PATCH", f"/jobs/{job}/photos/{hidden['photo_id']}", json={"hidden": True})

    def ids(caller, **query):
        return [photo["photo_id"] for photo in caller.photos(job, **query)]

    tokens = {role: staff.new_link(job, role)["token"] for role in ("crew", "customer")}
    by_role = {role: Caller(server, server.application_key, token) for role, token in tokens.items()}
    upload_link = Caller(server, server.application_key, staff.new_link(job, "customer", may_upload=True)["token"])
    by_key = Caller(server, server.add_key(unique("key"), "--role", "customer", "--job", job))
    for caller in (by_role["customer"], upload_link, by_key):
        assert ids(caller) == [shown["photo_id"]]
        assert ids(caller, limit=1) == [shown["photo_id"]]
        assert hidden["photo_id"] not in caller.get("/list_photos", params={"job_id": job}).text
    assert ids(by_role["crew"]) == ids(staff) == [shown["photo_id"], hidden["photo_id"]]
    staff.good("PATCH", f"/jobs/{job}/photos/{hidden['photo_id']}", json={"hidden": False})
    assert ids(by_role["customer"]) == [shown["photo_id"], hidden["photo_id"]]


def test_a_revoked_application_key_opens_nothing(server, job):
    name = unique("gone")
    key = server.add_key(name, "--role", "crew", "--job", job)
    caller = Caller(server, key)
    assert caller.get("/list_photos", params={"job_id": job}).status_code == 200
    assert key not in server.listed_keys()
    server.revoke_key(name)
    answer = caller.get("/list_photos", params={"job_id": job})
    assert (answer.status_code, answer.json()["code"]) == (401, "application_key_unknown")


def until_refused(caller, status, most):
    for _ in range(most):
        yield (seen := caller.get("/session").status_code)
        if seen == status:
            return


def test_an_address_that_only_guesses_is_slowed_down_and_nobody_else(tmp_path):
    server = Server(tmp_path).start()
    try:
        guesses = Caller(server, server.application_key, "qdn_t_guess")
        statuses = list(until_refused(guesses, 429, 3_000))
        # The allowance grows again while it is used, so a slow machine gets through a few more.
        assert statuses[:600] == [401] * 600 and statuses[-1] == 429
        check_problem(guesses.get("/session"))
        assert callers.staff(server).get("/session").status_code == 200
        assert guesses.get("/config.json").status_code == 200
    finally:
        assert server.stop() == 0


def test_an_application_has_its_own_rate(server, job):
    caller = Caller(server, server.add_key(unique("slow"), "--role", "crew", "--requests-per-minute-max", "3"))
    statuses = [caller.get("/jobs").status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    answer = caller.get("/jobs")
    check_problem(answer)
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert Caller(server, server.add_key(unique("other"), "--role", "crew")).get("/jobs").status_code == 200


# Sessions.


def sign_in(server, token, headers=None):
    """Swaps a link's token for a session, as the pages do. Gives a caller that holds the cookie and no token."""
    with_token = Caller(server, server.application_key, token)
    answer = with_token.post("/session", headers=headers)
    assert answer.status_code == 200, answer.text
    by_cookie = Caller(server, server.application_key)
    by_cookie.session.cookies.update(with_token.session.cookies)
    return by_cookie, answer.headers["Set-Cookie"]


@pytest.mark.embedded
def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(server, staff, job):
    link = staff.new_link(job, "crew", expires_in=3600)
    _, cookie = sign_in(server, link["token"])
    name, *attributes = cookie.split("; ")
    assert name == f"qdn-crew={link['token']}"
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} < set(attributes)
    (age,) = [int(value[len("Max-Age=") :]) for value in attributes if value.startswith("Max-Age=")]
    assert 3590 <= age <= 3600
    _, cookie = sign_in(server, link["token"], {"x-forwarded-proto": "https"})
    assert cookie.startswith(f"__Host-qdn-crew={link['token']}; ") and "Secure" in cookie.split("; ")


def test_a_revoked_link_and_its_session_are_dead_at_once(server, staff, job):
    link = staff.new_link(job, "crew")
    by_cookie, _ = sign_in(server, link["token"])
    by_token = Caller(server, server.application_key, link["token"])
    for caller in (by_cookie, by_token):
        assert caller.get("/list_photos", params={"job_id": job}).status_code == 200
    staff.good("DELETE", f"/links/{link['link_id']}")
    for caller in (by_cookie, by_token):
        for method, path in (("GET", f"/list_photos?job_id={job}"), ("GET", "/session"), ("POST", "/upload-url")):
            wish = {"job_id": job, "photo_name": "a.jpg"}
            answer = caller.call(method, path, json=wish, headers={"x-qdn-role": "crew"})
            assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert [link["revoked_at"] is not None for link in staff.good("GET", f"/jobs/{job}/links")["links"]] == [True]


def test_a_link_that_the_command_line_takes_back_is_dead_at_once(server, job):
    token, link_id = server.add_link("crew", "--job", job)
    crew = Caller(server, server.application_key, token)
    assert crew.good("GET", "/session")["job_id"] == job
    server.revoke_link(link_id)
    assert crew.get("/session").status_code == 401


def test_a_session_changes_nothing_unless_the_page_names_its_role(server, staff, job):
    by_cookie, _ = sign_in(server, staff.new_link(job, "crew")["token"])
    wish = {"job_id": job, "photo_name": "a.jpg"}
    assert by_cookie.get("/list_photos", params={"job_id": job}).status_code == 200
    refused = by_cookie.post("/upload-url", wish)
    assert (refused.status_code, refused.json()["code"]) == (401, "token_missing")
    refused = by_cookie.delete("/session")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_header")
    assert "Set-Cookie" not in refused.headers
    assert by_cookie.post("/upload-url", wish, headers={"x-qdn-role": "crew"}).status_code == 200
    assert by_cookie.post("/upload-url", wish, headers={"x-qdn-role": "staff"}).status_code == 401
    for bad in ("", "admin", "Crew", "crew, staff"):
        for method in ("GET", "POST"):
            answer = by_cookie.call(method, "/session", headers={"x-qdn-role": bad})
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid_header"), bad


def test_a_cookie_needs_the_application_key_too(server, staff, job):
    by_cookie, _ = sign_in(server, staff.new_link(job, "crew")["token"])
    by_cookie.headers = {}
    answer = by_cookie.get("/list_photos", params={"job_id": job})
    assert (answer.status_code, answer.json()["code"]) == (401, "application_key_missing")


def test_staff_who_open_a_customers_link_stay_staff_where_the_page_says_so(server, staff, job):
    both, _ = sign_in(server, server.tokens["staff"])
    customer, _ = sign_in(server, staff.new_link(job, "customer")["token"])
    both.session.cookies.update(customer.session.cookies)
    for role in ("staff", "customer"):
        assert both.get("/session", headers={"x-qdn-role": role}).json()["role"] == role
    assert both.get("/session", headers={"x-qdn-role": "crew"}).status_code == 401
    assert both.patch(f"/jobs/{job}", {"title": "T"}, headers={"x-qdn-role": "customer"}).status_code == 403
    assert both.patch(f"/jobs/{job}", {"title": "T"}, headers={"x-qdn-role": "staff"}).status_code == 200


def test_signing_out_takes_the_cookie_away_and_leaves_the_link(server, staff, job):
    token = staff.new_link(job, "crew")["token"]
    by_cookie, _ = sign_in(server, token)
    answer = by_cookie.delete("/session", headers={"x-qdn-role": "crew"})
    assert answer.status_code == 204 and "Max-Age=0" in answer.headers["Set-Cookie"]
    assert not by_cookie.session.cookies
    assert Caller(server, server.application_key, token).get("/session").status_code == 200


# Pages of other origins.

OURS, THEIRS = "https://www.example.com", "https://evil.example"


@pytest.fixture(scope="module")
def widget(server):
    """An application whose pages stand on another origin."""
    return server.add_key(unique("widget"), "--origin", OURS, "--origin", "http://localhost:5173")


def test_a_page_of_another_origin_is_refused(server, staff, job):
    for origin in (THEIRS, "null", server.api + ".evil.example", "http://127.0.0.1:1", server.store, "", OURS + "/"):
        answer = staff.get("/list_photos", params={"job_id": job}, headers={"Origin": origin})
        assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed"), origin
        assert "Access-Control-Allow-Origin" not in answer.headers, origin
    for origin in (server.api, server.api.upper().replace("HTTP", "http")):
        assert staff.get("/list_photos", params={"job_id": job}, headers={"Origin": origin}).status_code == 200


def test_a_page_of_an_applications_own_origin_may_read_answers_and_errors(server, staff, job, widget):
    caller = Caller(server, widget, staff.new_link(job, "crew")["token"])
    cases = [
        (caller, f"/list_photos?job_id={job}", 200),
        (caller, f"/list_photos?job_id={UNKNOWN_JOB}", 404),
        (caller, "/list_photos", 400),
        (Caller(server, widget), f"/list_photos?job_id={job}", 401),
    ]
    for who, path, status in cases:
        for origin in (OURS, "http://localhost:5173"):
            answer = who.get(path, headers={"Origin": origin})
            assert answer.status_code == status
            assert answer.headers["Access-Control-Allow-Origin"] == origin
            assert "origin" in answer.headers["Vary"].lower()
            assert "x-request-id" in answer.headers["Access-Control-Expose-Headers"].lower()
            assert "Access-Control-Allow-Credentials" not in answer.headers
    answer = caller.get(f"/list_photos?job_id={job}", headers={"Origin": THEIRS})
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_an_origin_counts_for_its_own_application_only(server, staff, job, widget):
    assert staff.get("/session", headers={"Origin": OURS}).status_code == 403
    name = unique("other")
    other = Caller(server, server.add_key(name, "--origin", THEIRS), staff.new_link(job)["token"])
    assert other.get("/session", headers={"Origin": OURS}).status_code == 403
    assert other.get("/session", headers={"Origin": THEIRS}).status_code == 200
    server.revoke_key(name)


def preflight(server, origin, method, asked="authorization,content-type,x-api-key", path="/upload-url"):
    headers = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": asked}
    return Caller(server).call("OPTIONS", path, headers=headers)


def test_a_preflight_is_answered_for_the_origins_of_applications_and_no_others(server, widget):
    asked = (("POST", "/upload-url"), ("GET", "/list_photos"), ("PATCH", "/jobs/x"), ("DELETE", "/links/x"))
    for method, path in asked:
        answer = preflight(server, OURS, method, path=path)
        assert answer.status_code in (200, 204)
        assert answer.headers["Access-Control-Allow-Origin"] == OURS
        assert method in re.split(r",\s*", answer.headers["Access-Control-Allow-Methods"])
        allowed = answer.headers["Access-Control-Allow-Headers"].lower()
        for name in ("authorization", "content-type", "x-api-key", "x-qdn-role", "if-none-match"):
            assert name in allowed
        assert 0 < int(answer.headers["Access-Control-Max-Age"]) <= 7200
    for origin in (THEIRS, "null", OURS + ".evil.example", OURS.replace("https", "http")):
        answer = preflight(server, origin, "POST")
        assert "Access-Control-Allow-Origin" not in answer.headers, origin


def test_a_revoked_applications_origin_is_allowed_no_longer(server):
    name, origin = unique("short"), "https://short.example"
    server.add_key(name, "--origin", origin)
    assert preflight(server, origin, "GET").headers["Access-Control-Allow-Origin"] == origin
    server.revoke_key(name)
    assert "Access-Control-Allow-Origin" not in preflight(server, origin, "GET").headers


# Secrets stay where they are.


def test_tokens_and_keys_stand_neither_in_the_database_nor_in_the_log(server, staff, job):
    link = staff.new_link(job, "crew")
    key = server.add_key(unique("key"), "--role", "crew", "--job", job)
    for caller in (Caller(server, server.application_key, link["token"]), Caller(server, key)):
        caller.good("GET", "/list_photos", params={"job_id": job})
    grant = staff.grant(job)
    kept = server.database_bytes() + server.log().encode()
    assert link["link_id"].encode() in kept
    secrets = [link["token"], key, grant["fields"]["x-amz-signature"], server.ready["secret_access_key"]]
    for secret in itertools.chain(secrets, server.tokens.values()):
        assert secret.encode() not in kept


def test_a_link_carries_its_token_in_the_fragment(server, staff, job):
    for role, page in (("crew", "capture"), ("customer", "track")):
        link = staff.new_link(job, role, qr=True)
        # A customer's page is told the job, so that it need not ask for it; the token alone decides.
        named = f"&j={job}" if role == "customer" else ""
        assert link["url"] == f"{server.api}/{page}/#t={link['token']}{named}"
        assert link["qr_svg"].lstrip().startswith("<?xml") or link["qr_svg"].startswith("<svg")
        listed = staff.get(f"/jobs/{path_segment(job)}/links").text
        assert link["link_id"] in listed and link["token"] not in listed

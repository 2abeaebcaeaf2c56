"""The functions and a server of one's own say the same to a request that is refused. Each has a world; ids of the one stand for
those of the other."""

import functools

import requests

from support import caller as callers

_twins = {}


@functools.cache
def _link_of(caller, job):
    return caller.new_link(job)["link_id"]


def world(caller, job, photo):
    """The ids of a job with a photo and a link."""
    customer = caller.good("GET", f"/jobs/{job}")["customer"]["customer_id"]
    return {"job_id": job, "photo_id": photo["photo_id"], "link_id": _link_of(caller, job), "customer_id": customer}


def make(server, staff, job, photo):
    """Gives the server's twin a world like this one."""
    theirs = callers.staff(server.twin)
    # The two share a bucket, so not a job. Its id is as long: some answers count characters.
    twin = theirs.new_job(job_id="T" + job[1:])
    of_twin = world(theirs, twin, theirs.upload(twin, "kept.jpg", caption="kept"))
    names = dict(zip(world(staff, job, photo).values(), of_twin.values(), strict=True))
    names[server.tokens["staff"]] = server.twin.tokens["staff"]
    names[server.api] = server.twin.api
    _twins.update(names=names)


def compare(answer):
    """Sends the same request to the twin: the same answer, but for the request's id."""

    def other(text):
        for ours, theirs in _twins["names"].items():
            text = text.replace(ours, theirs)
        return text

    asked = answer.request
    body = other(asked.body.decode("latin-1")).encode("latin-1") if isinstance(asked.body, bytes) else asked.body
    headers = {name: other(value) if isinstance(value, str) else value for name, value in asked.headers.items()}
    headers.pop("Content-Length", None)
    with requests.Session() as session:
        session.trust_env = False
        theirs = session.request(asked.method, other(asked.url), data=body, headers=headers, timeout=30)
    ours = other(said(answer))
    assert said(theirs) == ours


def said(answer):
    """Status, type and body of an answer, without the request's id."""
    content = answer.content.decode("latin-1").replace(answer.headers["x-request-id"], "")
    return f"{answer.status_code} {answer.headers['Content-Type']} {content}"

"""What a title, a name or a link may be is the same by every way in: HTTP, the command line, the functions' commands."""

import sqlite3
import subprocess

import pytest
from support.faces import FUNCTION
from support.runtime import FunctionError
from support.server import binary, environment

LONG = "x" * 100_000
ESCAPE = "\x1b[2Jgone"


def refused(server, *arguments):
    """What the command line says to a command that it refuses."""
    done = subprocess.run(
        [binary(), *arguments, "--data", str(server.data)], capture_output=True, encoding="utf-8", timeout=60,
        env=environment(),
    )
    assert done.returncode == 1, f"qdn {' '.join(arguments)[:200]}: {done.stdout}"
    return done.stderr


@pytest.mark.embedded
@pytest.mark.parametrize("bad", ["", "   ", LONG, ESCAPE])
def test_the_command_line_refuses_what_http_refuses(server, staff, bad):
    jobs = len(staff.good("GET", "/jobs", params={"limit": 200})["jobs"])
    customers = server.command("job", "list")
    assert "the title m" in refused(server, "job", "add", bad, "--customer", "Ann")
    assert "--customer m" in refused(server, "job", "add", "Garage", "--customer", bad)
    if bad.strip():
        assert "--address m" in refused(server, "job", "add", "Garage", "--customer", "Ann", "--address", bad)
        assert "--phone m" in refused(server, "job", "add", "Garage", "--customer", "Ann", "--phone", bad)
    assert "the name m" in refused(server, "key", "add", bad)
    assert len(staff.good("GET", "/jobs", params={"limit": 200})["jobs"]) == jobs
    assert server.command("job", "list") == customers
    assert staff.call("POST", "/jobs", json={"customer_id": staff.new_customer(), "title": bad}).status_code == 400


@pytest.mark.embedded
def test_a_name_that_an_older_version_kept_does_not_reach_the_terminal_raw(server, staff):
    job = staff.new_job()
    with sqlite3.connect(server.data / "qdn.sqlite", timeout=30) as db:
        db.execute("UPDATE jobs SET title = ? WHERE job_id = ?", (ESCAPE, job))
    listed = server.command("job", "list", job)
    assert "\x1b" not in listed and r"\u{1b}[2Jgone" in listed


def test_a_link_lives_a_minute_at_least_and_a_year_at_most(server, staff, job):
    for seconds in (0, 59, 366 * 86_400 + 1):
        answer = staff.call("POST", f"/jobs/{job}/links", json={"role": "crew", "expires_in": seconds})
        assert (answer.status_code, answer.json()["field"]) == (400, "expires_in")
        if FUNCTION:
            with pytest.raises(FunctionError, match="seconds must be 60 to 31622400"):
                server.operate("add_link", role="crew", job=job, seconds=seconds)
    for seconds in (60, 366 * 86_400):
        staff.good("POST", f"/jobs/{job}/links", json={"role": "crew", "expires_in": seconds})

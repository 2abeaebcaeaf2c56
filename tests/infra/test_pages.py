"""`cargo xtask pages` puts the pages where browsers find them, each with the headers that its kind needs."""

import os
import pty
import re
import subprocess

import promises
import pytest
from support.aws import template


def xtask(cloud, command, stdout):
    """Runs a command of `cargo xtask` on the stack."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    settings = {
        "AWS_ENDPOINT_URL": cloud.url, "AWS_DEFAULT_REGION": template.REGION, "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    return subprocess.run(
        [os.environ["QDN_XTASK"], command], env=kept | settings, cwd=template.ROOT, stdout=stdout, stderr=subprocess.STDOUT,
        text=True, timeout=600, check=False,
    )


@pytest.fixture(scope="module")
def site(cloud):
    """The site with its pages."""
    # What an earlier release left.
    s3 = cloud.client("s3")
    s3.put_object(Bucket="qdn-pages", Key="assets/old-1a2b.js", Body=b"old")
    s3.put_object(Bucket="qdn-pages", Key="capture/gone.html", Body=b"gone")
    done = xtask(cloud, "pages", stdout=subprocess.PIPE)
    assert done.returncode == 0, done.stdout[-4000:]
    return cloud.outputs["SiteUrl"]


@pytest.mark.parametrize("page", ["dashboard", "track", "capture"])
def test_each_page_and_what_it_names_is_there(cloud, stack, site, page):
    answer = cloud.through(f"{site}/{page}/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    assert answer.headers["Cache-Control"] == "no-cache"
    named = re.findall(r'(?:src|href)="(/[^"]+)"', answer.text)
    assert any(name.startswith("/assets/") for name in named)
    for name in named:
        part = cloud.through(site + name)
        assert part.status_code == 200, name
        if promises.behaviour_of(stack, name)["TargetOriginId"] == "api":
            continue
        immutable = "public, max-age=31536000, immutable" if name.startswith("/assets/") else "no-cache"
        assert part.headers["Cache-Control"] == immutable, name


def test_the_service_worker_and_the_manifest_have_their_types(cloud, site):
    worker = cloud.through(f"{site}/capture/sw.js")
    assert worker.status_code == 200 and "javascript" in worker.headers["Content-Type"]
    assert worker.headers["Cache-Control"] == "no-cache"
    assert "connect-src http: https:" in worker.headers["Content-Security-Policy"]
    # Told from a page of the same folder.
    assert "connect-src http:" not in cloud.through(f"{site}/capture/").headers["Content-Security-Policy"]
    assert cloud.through(f"{site}/track/").headers["Link"] == f"<{cloud.outputs['PhotosUrl']}>; rel=preconnect"
    manifest = cloud.through(f"{site}/capture/manifest.webmanifest")
    assert manifest.headers["Content-Type"] == "application/manifest+json"
    assert manifest.json()["scope"] == "/capture/"


def test_assets_of_earlier_releases_stay_and_pages_that_are_gone_go(cloud, site):
    assert cloud.through(f"{site}/assets/old-1a2b.js").status_code == 200
    assert cloud.through(f"{site}/capture/gone.html").status_code in (403, 404)
    keys = [entry["Key"] for entry in cloud.client("s3").list_objects_v2(Bucket="qdn-pages")["Contents"]]
    assert not any(key.endswith((".br", ".gz")) for key in keys)


def test_the_first_link_for_staff_is_shown_on_a_terminal_and_in_no_log(cloud, site):
    piped = xtask(cloud, "key", stdout=subprocess.PIPE)
    assert piped.returncode == 0 and "the pages' key is known" in piped.stdout
    assert "#t=" not in piped.stdout
    shown, terminal = pty.openpty()
    assert xtask(cloud, "key", stdout=terminal).returncode == 0
    os.close(terminal)
    assert b"https://photos.example.com/dashboard/#t=qdn_t_first" in os.read(shown, 65_536)
    os.close(shown)

"""The pages as files: those in the program, or those of a folder that takes their place."""

import pytest
from support.caller import Caller, unnormalised
from support.faces import Server

FILES = {
    "capture/index.html": "<title>capture</title>", "capture/sw.js": "self.name = 1", "dashboard/index.html": "d",
    "capture/manifest.webmanifest": '{"name": "qdn"}', "capture/icons/192.png": "PNG", "assets/a-12345678.js": "a()",
}
KINDS = {
    "/capture/sw.js": "text/javascript; charset=utf-8", "/capture/manifest.webmanifest": "application/manifest+json",
    "/capture/icons/192.png": "image/png", "/capture/": "text/html; charset=utf-8",
}


@pytest.fixture(scope="module")
def of_a_folder(tmp_path_factory):
    """A server with pages of a folder, and beside the folder a file that is none of them."""
    folder = tmp_path_factory.mktemp("pages")
    for name, text in FILES.items():
        (folder / "web" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "web" / name).write_text(text)
    (folder / "secret.txt").write_text("secret")
    server = Server(folder, "--pages-folder", str(folder / "web")).start()
    yield server
    assert server.stop() == 0


def test_a_file_beside_a_page_is_itself_and_every_other_name_is_the_page(of_a_folder):
    caller = Caller(of_a_folder)
    for path, kind in KINDS.items():
        answer = caller.get(path)
        name = path.strip("/") if path != "/capture/" else "capture/index.html"
        assert (answer.status_code, answer.text) == (200, FILES[name]), path
        assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (kind, "no-cache"), path
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"], path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
    for path in ("/capture/jobs/1", "/capture/icons", "/capture/icons/", "/capture/nothing.js", "/capture/sw.js/"):
        answer = caller.get(path)
        assert (answer.status_code, answer.text) == (200, FILES["capture/index.html"]), path
    answer = caller.get("/assets/a-12345678.js")
    assert answer.text == "a()" and "immutable" in answer.headers["Cache-Control"]


def test_no_path_leads_out_of_the_folder(of_a_folder):
    for path in (
        "/capture/../secret.txt", "/capture/../../secret.txt", "/capture/%2e%2e/%2e%2e/secret.txt", "/capture//etc/passwd",
        "/capture/./../../secret.txt", "/assets/../../secret.txt", "/assets/../dashboard/index.html", "/assets//etc/passwd",
        "/capture/..%2f..%2fsecret.txt", "/capture/\\..\\..\\secret.txt",
    ):
        answer = unnormalised(of_a_folder.api, "GET", path)
        assert "secret" not in answer.text and "root:" not in answer.text, path
        page = path.startswith("/capture/")
        assert answer.status_code == (200 if page else 404), path
        assert not page or answer.text == FILES["capture/index.html"], path


def test_a_photo_shared_without_a_service_worker_leads_to_the_page(server):
    answer = Caller(server).call("POST", "/capture/share", files={"photos": ("a.jpg", b"bytes")})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/capture/?shared=missed")


@pytest.mark.parametrize(
    ("site", "location"),
    [("none", "/capture/?shared=missed"), ("cross-site", "/capture/"), ("same-site", "/capture/")],
)
def test_only_what_the_browser_shares_itself_counts_as_shared(server, site, location):
    files, headers = {"photos": ("a.jpg", b"bytes")}, {"Sec-Fetch-Site": site}
    answer = Caller(server).call("POST", "/capture/share", files=files, headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (303, location)


def test_the_pages_of_the_program_are_served_with_a_policy(server):
    for page in ("dashboard", "track", "capture"):
        answer = Caller(server).get(f"/{page}/")
        assert answer.status_code == 200 and "<html" in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert Caller(server).get(f"/{page}").headers["Location"] == f"/{page}/"


def test_the_customers_page_has_the_connection_to_the_store_made_early(server):
    assert Caller(server).get("/track/").headers["Link"] == f"<{server.store}>; rel=preconnect"
    assert "Link" not in Caller(server).get("/dashboard/").headers


def test_the_policy_of_the_service_worker_names_no_store_that_may_move(server):
    policy = Caller(server).get("/capture/sw.js").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy and server.store not in policy
    # Only the file itself is the worker's: what is no file is the page.
    assert server.store in Caller(server).get("/dashboard/sw.js").headers["Content-Security-Policy"]

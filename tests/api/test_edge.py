"""Photos by CloudFront: from the upload to the view through a distribution, and everything that it must refuse."""

import datetime
import io
import json
import subprocess
import time
import zipfile
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from support import caller as callers
from support import s3
from support.caller import Caller, photo_bytes, within_one_window
from support.edge import HEADERS, Edge
from support.faces import Server
from support.server import binary, environment

PHOTO = photo_bytes("edge", 4_000)
WINDOW_SECONDS = 900


def new_key(kind):
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def write_key(folder, name, key, form=serialization.PrivateFormat.PKCS8):
    path = folder / f"{name}.pem"
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return path


class Site:
    """A server, and the distribution that its photos are fetched from."""

    def __init__(self, folder, kind="ecdsa"):
        self.folder = folder
        self.edge = Edge()
        self.key = new_key(kind)
        self.server = Server(folder)
        self.start_with("KFIRST", self.key)

    def start_with(self, key_id, key):
        """Starts the server so that this key signs, which the distribution trusts."""
        self.edge.trust(key_id, key.public_key())
        self.server.options = (
            "--cloudfront-url", self.edge.url, "--cloudfront-key-id", key_id,
            "--cloudfront-key-file", str(write_key(self.folder, key_id, key)),
            "--delivery-window-seconds", str(WINDOW_SECONDS),
        )
        self.restart()

    def restart(self):
        if self.server.process:
            self.stop_server()
        self.server.start()
        self.edge.stand_before(self.server)
        self.staff = callers.staff(self.server)

    def stop_server(self):
        assert self.server.stop() == 0
        assert "panicked" not in self.server.log()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        try:
            self.stop_server()
        finally:
            self.edge.stop()

    def photo(self):
        """A job with one photo whose renditions are there, as staff see it."""
        job = self.staff.new_job()
        self.staff.upload(job, "front door é.jpg", PHOTO)
        (photo,) = self.staff.settled(job)
        return job, photo


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Site(tmp_path_factory.mktemp("edge")) as running:
        yield running


@pytest.fixture(scope="module")
def photo(site):
    return site.photo()[1]


@pytest.fixture
def clock(site):
    """Sets the distribution's clock for one test."""
    def put(second):
        site.edge.now = lambda: second

    usual = site.edge.now
    yield put
    site.edge.now = usual


def get(url, **rest):
    return requests.get(url, timeout=10, **rest)


def refused(answer, code="AccessDenied"):
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/xml"), answer.text
    assert f"<Code>{code}</Code>" in answer.text, answer.text
    return True


# From the upload to the view.


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_an_uploaded_photo_is_listed_and_seen_through_the_distribution(tmp_path, kind):
    with Site(tmp_path, kind) as site:
        job, photo = site.photo()
        urls = [photo[name] for name in ("url", "thumb_url", "display_url")]
        assert all(url.startswith(f"{site.edge.url}/") and "Hash-Algorithm=SHA256" in url for url in urls)
        assert get(photo["url"]).content == PHOTO
        for url in urls[1:]:
            answer = get(url)
            assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
            assert answer.content.startswith(b"\xff\xd8") and PHOTO[-100:] not in answer.content
        cover = site.staff.good("GET", f"/jobs/{job}")["cover_url"]
        assert get(cover).content == get(photo["thumb_url"]).content
        assert requests.head(photo["url"], timeout=10).headers["Content-Length"] == str(len(PHOTO))


def test_the_distribution_adds_its_headers_and_lets_the_sites_pages_read(site, photo):
    answer = get(photo["url"], headers={"Origin": site.server.api})
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert answer.headers["Access-Control-Allow-Origin"] == site.server.api
    assert "Access-Control-Allow-Origin" not in get(photo["url"], headers={"Origin": "https://other.example"}).headers
    again = get(photo["url"], headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_pages_may_show_and_read_photos_of_the_distribution(site):
    policy = get(f"{site.server.api}/dashboard/").headers["Content-Security-Policy"]
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert allowed["img-src"].split() == ["'self'", "blob:", "data:", site.edge.url]
    # Uploads go to the store.
    assert allowed["connect-src"].split() == ["'self'", site.server.store, site.edge.url]


def test_customers_get_renditions_only(site):
    job, photo = site.photo()
    customer = Caller(site.server, site.server.application_key, site.staff.new_link(job)["token"])
    (seen,) = customer.photos(job)
    assert seen["url"] == seen["display_url"] == photo["display_url"]
    assert "/jobs/" not in json.dumps(seen)
    # The signature of what they may see opens nothing else.
    original = photo["url"].split("?")[0] + "?" + seen["url"].split("?")[1]
    assert refused(get(original))


def test_an_archive_is_made_from_the_store(site):
    job, _ = site.photo()
    answer = site.staff.get(f"/jobs/{job}/photos.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert [archive.read(name) for name in archive.namelist()] == [PHOTO]


# Stable addresses.


def test_an_unchanged_list_is_answered_304_also_by_another_process(site):
    job, _ = site.photo()
    path = f"/list_photos?job_id={job}"
    within_one_window(60, WINDOW_SECONDS)
    first = site.staff.get(path)
    site.restart()
    again = site.staff.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert site.staff.get(path).json() == first.json()


def test_the_bucket_is_read_once_whatever_the_signature(site):
    _, photo = site.photo()
    key = s3_key(photo["url"])
    for url in (photo["url"], signed(site, photo["url"].split("?")[0]), photo["url"]):
        assert get(url).content == PHOTO
    assert site.edge.reads[key] == 1


# What is refused.


def expiry(url):
    return int(parse_qs(urlsplit(url).query)["Expires"][0])


def s3_key(url):
    return requests.utils.unquote(urlsplit(url).path).removeprefix("/")


def signed(site, url, key=None, key_id="KFIRST", lives=60):
    """An address signed by botocore with the site's key, or another."""
    key = key or site.key

    def sign(text):
        return key.sign(text, ec.ECDSA(hashes.SHA1())) if isinstance(key, ec.EllipticCurvePrivateKey) else key.sign(
            text, padding.PKCS1v15(), hashes.SHA1()
        )

    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=lives)
    return CloudFrontSigner(key_id, sign).generate_presigned_url(url, date_less_than=end)


def test_an_address_lives_for_one_to_two_windows(site, photo, clock):
    end = expiry(photo["url"])
    # Signed a while ago.
    assert end % WINDOW_SECONDS == 0 and WINDOW_SECONDS - 120 < end - time.time() <= 2 * WINDOW_SECONDS
    clock(end - 1)
    assert get(photo["url"]).status_code == 200
    clock(end)
    assert refused(get(photo["url"]))


def test_a_changed_address_is_refused(site, photo):
    url, other = photo["url"], photo["thumb_url"]
    end = expiry(url)
    for changed in (
        url.replace("/jobs/", "/jobs//"),
        url.replace(".jpg", ".jpeg"),
        url.replace(f"Expires={end}", f"Expires={end + 1}"),
        url.replace("?", "?response-content-type=text/html&"),
        url.replace("&Hash-Algorithm=SHA256", ""),
        other.split("?")[0] + "?" + url.split("?")[1],
    ):
        assert changed != url and refused(get(changed)), changed
    assert refused(get(url.replace("KFIRST", "KOTHER")), "InvalidKey")
    assert refused(get(f"{url}&Expires={end}"), "InvalidQueryString")


def test_a_foreign_key_is_refused_under_any_id(site, photo):
    plain = photo["url"].split("?")[0]
    assert get(signed(site, plain)).status_code == 200
    for kind in ("ecdsa", "rsa"):
        key = new_key(kind)
        assert refused(get(signed(site, plain, key, "KFOREIGN")), "InvalidKey")
    assert refused(get(signed(site, plain, new_key("ecdsa"), "KFIRST")))


def test_what_is_not_signed_or_signed_for_the_store_is_refused(site, photo):
    plain = photo["url"].split("?")[0]
    assert refused(get(plain), "MissingKey")
    params = {"Bucket": site.server.bucket, "Key": s3_key(photo["url"])}
    presigned = s3.client(site.server).generate_presigned_url("get_object", Params=params)
    assert get(presigned).content == PHOTO
    at_the_edge = presigned.replace(site.server.store, site.edge.url)
    assert refused(get(at_the_edge), "MissingKey")
    assert refused(get(at_the_edge.replace(f"/{site.server.bucket}/", "/")), "MissingKey")


def test_the_distributions_signature_opens_nothing_at_the_store(site, photo):
    address = photo["url"].replace(site.edge.url, f"{site.server.store}/{site.server.bucket}")
    # The store reads the parameter `Signature` as that of a request in the form before version 4, which it does not take.
    assert s3.refusal(get(address)) == (400, "InvalidRequest")


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "OPTIONS", "PATCH"])
def test_the_distribution_reads_and_does_nothing_else(site, photo, method):
    assert refused(requests.request(method, photo["url"], timeout=10), "MethodNotAllowed")


def test_what_was_never_there_is_refused_as_if_it_were_forbidden(site):
    assert refused(get(signed(site, f"{site.edge.url}/jobs/none/photos/none.jpg")))


# Rotation.


def test_during_a_rotation_the_newest_key_signs_and_what_the_old_one_signed_lives_on(tmp_path):
    with Site(tmp_path, "rsa") as site:
        job, old = site.photo()
        new = new_key("ecdsa")
        # The distribution learns of the new key first, as `start_with` has it; then the server signs with it.
        site.start_with("KSECOND", new)
        (fresh,) = site.staff.photos(job)
        assert parse_qs(urlsplit(fresh["url"]).query)["Key-Pair-Id"] == ["KSECOND"]
        assert get(old["url"]).content == get(fresh["url"]).content == PHOTO
        del site.edge.keys["KFIRST"]
        assert refused(get(old["url"]), "InvalidKey")
        assert get(fresh["url"]).content == PHOTO


# The settings.


def refusal_to_start(folder, *options):
    command = [binary(), "serve", "--data", str(folder / "data"), "--listen", "127.0.0.1:0", "--store-listen", "127.0.0.1:0"]
    done = subprocess.run([*command, *options], capture_output=True, encoding="utf-8", timeout=30, env=environment())
    assert done.returncode != 0 and "panicked" not in done.stderr
    return done.stderr


def test_every_setting_that_is_wrong_is_told_at_once(tmp_path):
    said = refusal_to_start(tmp_path, "--cloudfront-url", "d111.cloudfront.net", "--cloudfront-key-id", "K 1")
    for words in ("--cloudfront-url must be an origin", "--cloudfront-key-id must be", "--cloudfront-key-file go together"):
        assert words in said


def test_a_key_that_cannot_be_used_is_told_by_the_settings_name(tmp_path):
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    traditional = serialization.PrivateFormat.TraditionalOpenSSL
    p384 = ec.generate_private_key(ec.SECP384R1())
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    for path, words in (
        (tmp_path / "none.pem", "No such file"),
        (tmp_path, "Is a directory"),
        (empty, "no PEM block"),
        (write_key(tmp_path, "small", small, traditional), "1024 bits"),
        (write_key(tmp_path, "p384", p384), "P-384"),
    ):
        said = refusal_to_start(
            tmp_path, "--cloudfront-url", "https://d111.cloudfront.net", "--cloudfront-key-id", "K1",
            "--cloudfront-key-file", str(path),
        )
        assert "--cloudfront-key-file" in said and words in said, said

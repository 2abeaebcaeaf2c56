"""TLS on both ports: requests, uploads, limits, renewal; and what plain HTTP meets there."""

import contextlib
import hashlib
import http.client
import socket
import ssl
import subprocess
import time
from urllib.parse import urlsplit

import pytest
import requests
from support import caller as callers
from support import s3
from support.caller import photo_bytes, raw
from support.certificates import Authority
from support.faces import Server
from support.server import binary, environment

PHOTO = photo_bytes("tls", 200_000)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


class Secured(Server):
    """A server with a certificate of the authority's."""

    def __init__(self, folder, authority, *options):
        self.certificate, self.key, self.authority = folder / "server.pem", folder / "server-key.pem", authority
        authority.issue(self.certificate, self.key)
        tls = ("--tls-certificate", str(self.certificate), "--tls-key", str(self.key))
        super().__init__(folder, *tls, *options)

    def staff(self):
        staff = callers.staff(self)
        staff.session.verify = str(self.authority.certificate)
        return staff

    def connect(self, origin, context=None, **options):
        """A TLS connection that believes the authority only."""
        parts = urlsplit(origin)
        context = context or ssl.create_default_context(cafile=self.authority.certificate)
        return context.wrap_socket(
            socket.create_connection((parts.hostname, parts.port), timeout=20), server_hostname=parts.hostname, **options
        )

    def serial(self, origin):
        """The number of the certificate that a port shows."""
        with self.connect(origin) as connection:
            return connection.getpeercert()["serialNumber"]


@pytest.fixture(scope="module")
def secured(tmp_path_factory, authority):
    server = Secured(tmp_path_factory.mktemp("secured"), authority).start()
    yield server
    assert server.stop() == 0
    assert "panicked" not in server.log()


def test_everything_says_https_by_the_name_of_the_certificate(secured):
    assert secured.api.startswith("https://localhost:") and secured.store.startswith("https://localhost:")
    staff, job = secured.staff(), secured.ready["sample_job_id"]
    assert staff.new_link(job, "crew")["url"].startswith(f"{secured.api}/capture/#t=")
    assert staff.grant(job)["url"].startswith(secured.store + "/")
    page = staff.get("/capture/")
    assert page.status_code == 200 and secured.store in page.headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in page.headers
    signed_in = staff.post("/session")
    cookie = signed_in.headers["Set-Cookie"]
    assert cookie.startswith("__Host-qdn-staff=") and "Secure" in cookie.split("; ")
    # A proxy's header changes nothing where we speak TLS ourselves.
    cookie = staff.post("/session", headers={"x-forwarded-proto": "http"}).headers["Set-Cookie"]
    assert cookie.startswith("__Host-qdn-staff=")


def test_a_photo_is_uploaded_listed_and_fetched(secured):
    staff, job, verify = secured.staff(), secured.ready["sample_job_id"], str(secured.authority.certificate)
    by_form, by_put = staff.grant(job, "form.jpg"), staff.grant(job, "put.jpg", method="PUT", size=len(PHOTO))
    sent = requests.post(
        by_form["url"], data=by_form["fields"], files={"file": ("a.jpg", PHOTO)}, timeout=30, verify=verify
    )
    assert sent.status_code == 201, sent.text
    sent = requests.put(by_put["url"], data=PHOTO, headers=by_put["headers"], timeout=30, verify=verify)
    assert sent.status_code == 200, sent.text
    for photo in staff.settled(job):
        assert photo["status"] == "ready"
        for field in ("url", "thumb_url", "display_url"):
            got = requests.get(photo[field], timeout=10, verify=verify)
            assert got.status_code == 200 and (field != "url" or got.content == PHOTO)
    archive = staff.get(f"/jobs/{job}/photos.zip").content
    assert PHOTO in archive


def test_boto3_speaks_to_the_store(secured, monkeypatch):
    monkeypatch.setenv("AWS_CA_BUNDLE", str(secured.authority.certificate))
    store = s3.client(secured)
    store.put_object(Bucket=secured.bucket, Key="notes/a.txt", Body=b"text")
    assert s3.read(store, secured.bucket, "notes/a.txt") == b"text"


def test_the_command_line_finds_the_server_by_its_name(secured, tmp_path):
    (tmp_path / "a.jpg").write_bytes(photo_bytes("command"))
    job = secured.staff().new_job()
    # As an operator's machine would know the authority.
    trusted = environment() | {"SSL_CERT_FILE": str(secured.authority.certificate)}
    arguments = ["upload", "--job", job, str(tmp_path / "a.jpg"), "--data", str(secured.data)]
    done = subprocess.run([binary(), *arguments], capture_output=True, encoding="utf-8", timeout=60, env=trusted)
    assert done.returncode == 0, done.stderr
    assert [photo["name"] for photo in secured.staff().photos(job)] == ["a.jpg"]
    assert f"{secured.api}/dashboard/#t=" in secured.command("link", "staff")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_versions_and_protocols_are_those_of_today(secured):
    for origin in (secured.api, secured.store):
        with secured.connect(origin) as connection:
            assert connection.version() == "TLSv1.3"
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_1):
            context = ssl.create_default_context(cafile=secured.authority.certificate)
            context.minimum_version = context.maximum_version = version
            context.set_ciphers("ALL:@SECLEVEL=0")
            if version == ssl.TLSVersion.TLSv1_2:
                with secured.connect(origin, context) as connection:
                    assert connection.version() == "TLSv1.2"
            else:
                with pytest.raises((ssl.SSLError, ConnectionError)):
                    secured.connect(origin, context)
        for offered, chosen in ((["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), (None, None)):
            context = ssl.create_default_context(cafile=secured.authority.certificate)
            if offered:
                context.set_alpn_protocols(offered)
            with secured.connect(origin, context) as connection:
                assert connection.selected_alpn_protocol() == chosen
        context = ssl.create_default_context(cafile=secured.authority.certificate)
        context.set_alpn_protocols(["h2"])
        with pytest.raises(ssl.SSLError):
            secured.connect(origin, context)


def test_a_connection_serves_many_requests_and_says_goodbye(secured):
    parts = urlsplit(secured.api)
    context = ssl.create_default_context(cafile=secured.authority.certificate)
    connection = http.client.HTTPSConnection(parts.hostname, parts.port, context=context, timeout=10)
    for _ in range(5):
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b'{"status":"ok"}'
    connection.close()
    with secured.connect(secured.api) as plain:
        plain.sendall(f"GET /healthz HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
        received = b""
        # Without a close_notify this raises: an answer that was cut would look whole (RFC 8446, section 6.1).
        while chunk := plain.recv(65_536):
            received += chunk
        assert received.endswith(b'{"status":"ok"}')


def test_plain_http_is_told_to_speak_tls(secured):
    for origin in (secured.api, secured.store):
        plain = origin.replace("https", "http")
        answer = requests.get(f"{plain}/dashboard/", timeout=10)
        assert answer.status_code == 400 and "https" in answer.text
        # One that sends a lot before it listens sees the answer too.
        sent = requests.post(f"{plain}/upload-url", data=b"x" * 3_000_000, timeout=10)
        assert sent.status_code == 400
    for request in (b"\x00" * 100, b"\x16\x03\x01", b"\x16" * 1_000, b"SSH-2.0-x\r\n", b"\x16\x03\x01\xff\xff" + b"\x01" * 70_000):
        answer = raw(secured.api.replace("https", "http"), request, half_close=True)
        assert b"200" not in answer[:20], request[:20]
    assert secured.staff().get("/healthz").status_code == 200


def handshakes_cut(server, trickle):
    """How long a handshake that never comes to its end may last."""
    parts = urlsplit(server.api)
    began = time.monotonic()
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection, contextlib.suppress(OSError):
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)
        connection.sendall(hello[:1])
        connection.settimeout(0.5)
        for byte in hello[1:] if trickle else ():
            connection.sendall(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                if connection.recv(1_000) == b"":
                    break
        connection.settimeout(30)
        connection.recv(1_000)
    return time.monotonic() - began


@pytest.mark.parametrize("trickle", [False, True], ids=["silent", "a byte now and then"])
def test_a_slow_handshake_is_cut(secured, trickle):
    assert 8 < handshakes_cut(secured, trickle) < 13


def test_handshakes_count_as_connections(tmp_path, authority):
    """Clients that only ever begin a handshake take the room of others for seconds, not for good."""
    server = Secured(tmp_path, authority, "--connections-max", "8").start()
    try:
        parts = urlsplit(server.api)
        idle = [socket.create_connection((parts.hostname, parts.port), timeout=30) for _ in range(8)]
        time.sleep(0.3)
        began = time.monotonic()
        assert server.staff().get("/healthz").status_code == 200
        assert 5 < time.monotonic() - began < 13
        for connection in idle:
            connection.close()
    finally:
        assert server.stop() == 0


def test_a_slow_head_under_tls_is_cut(secured):
    with secured.connect(secured.api) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        began = time.monotonic()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            assert connection.recv(100) == b""
        assert 8 < time.monotonic() - began < 13


def test_a_client_who_takes_nothing_is_cut_under_tls_too(tmp_path, authority):
    """Writes are timed below TLS: by the bytes that travel."""
    server = Secured(tmp_path, authority, "--photo-workers", "0").start()
    try:
        staff, job = server.staff(), server.ready["sample_job_id"]
        for number in range(4):
            grant = staff.grant(job)
            body = photo_bytes(number, 4 << 20)
            requests.post(grant["url"], data=grant["fields"], files={"file": body}, timeout=30, verify=str(authority.certificate))
        head = "".join(f"{name}: {value}\r\n" for name, value in staff.headers.items())
        with server.connect(server.api) as stalled:
            stalled.sendall(f"GET /jobs/{job}/photos.zip HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode())
            time.sleep(64)
            received = 0
            # What the kernel had taken before comes; then the connection has ended.
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                while chunk := stalled.recv(65_536):
                    received += len(chunk)
            assert 0 < received < 12 << 20
    finally:
        assert server.stop() == 0


def test_a_shutdown_does_not_wait_for_handshakes(tmp_path, authority):
    server = Secured(tmp_path, authority).start()
    parts = urlsplit(server.api)
    with socket.create_connection((parts.hostname, parts.port)), server.connect(server.api):
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 4


def test_a_renewed_certificate_is_used_without_a_restart_and_a_broken_one_is_not(tmp_path, authority):
    server = Secured(tmp_path, authority).start()
    try:
        def wait_for(word, count=1):
            until = time.monotonic() + 15
            while server.log().count(word) < count:
                assert time.monotonic() < until, server.log()[-1_000:]
                time.sleep(0.1)

        first = server.serial(server.api)
        with server.connect(server.api) as kept:
            authority.issue(server.certificate, server.key, algorithm=("rsa:2048",))
            wait_for("the certificate was read again")
            second = server.serial(server.api)
            assert second != first and server.serial(server.store) == second
            host = urlsplit(server.api).netloc
            kept.sendall(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            assert kept.recv(12) == b"HTTP/1.1 200"

        good = server.certificate.read_bytes(), server.key.read_bytes()
        other_key = tmp_path / "other-key.pem"
        authority.issue(tmp_path / "other.pem", other_key)
        for number, (path, content) in enumerate((
            (server.certificate, good[0][:400]), (server.key, other_key.read_bytes()), (server.key, None),
        ), 1):
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content)
            wait_for("the new certificate cannot be used", number)
            assert server.serial(server.api) == second
            said = server.log().count("the certificate was read again")
            server.certificate.write_bytes(good[0])
            server.key.write_bytes(good[1])
            wait_for("the certificate was read again", said + 1)
        assert server.key.read_text().splitlines()[1] not in server.log()
    finally:
        assert server.stop() == 0


def test_a_certificate_that_cannot_be_used_refuses_to_start(tmp_path, authority):
    certificate, key, other = (tmp_path / name for name in ("a.pem", "a-key.pem", "b-key.pem"))
    authority.issue(certificate, key)
    authority.issue(tmp_path / "b.pem", other)
    for options, word in (
        (("--tls-certificate", certificate), "--tls-key"), (("--tls-key", key), "--tls-certificate"),
        (("--tls-certificate", tmp_path / "none.pem", "--tls-key", key), "none.pem"),
        (("--tls-certificate", certificate, "--tls-key", other), "do not belong together"),
        (("--tls-certificate", key, "--tls-key", key), "no certificate"),
        (("--tls-certificate", certificate, "--tls-key", certificate), "no private key"),
    ):
        command = [binary(), "serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", "--store-listen", "127.0.0.1:0", *options]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=30, env=environment())
        assert done.returncode != 0 and word in done.stderr, done.stderr


def test_a_certificate_for_an_address_alone_is_named_by_it(tmp_path, authority):
    server = Secured(tmp_path, authority)
    authority.issue(server.certificate, server.key, names="IP:127.0.0.1")
    server.start()
    try:
        assert server.api.startswith("https://127.0.0.1:")
        assert server.staff().get("/healthz").status_code == 200
        large = hashlib.shake_256(b"large").digest(5_000_000)
        grant = server.staff().grant(server.ready["sample_job_id"])
        sent = requests.post(
            grant["url"], data=grant["fields"], files={"file": ("a.jpg", large)}, timeout=30,
            verify=str(authority.certificate),
        )
        assert sent.status_code == 201
    finally:
        assert server.stop() == 0

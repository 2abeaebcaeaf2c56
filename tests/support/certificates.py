"""Certificates made by openssl: an authority of the test's own, and servers that it vouches for."""

import shutil
import subprocess

import pytest

NAMES = "DNS:localhost,IP:127.0.0.1"


def openssl(*arguments):
    if not shutil.which("openssl"):
        pytest.fail("openssl is missing: apt-get install openssl")
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """An authority, whose certificate stands in `certificate`."""

    def __init__(self, folder):
        self.folder = folder
        self.certificate, self.key = folder / "authority.pem", folder / "authority-key.pem"
        openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=Authority of the tests", "-keyout", self.key, "-out", self.certificate,
        )

    def issue(self, certificate, key, names=NAMES, algorithm=("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")):
        """Writes a server's certificate and its key, each complete before it takes its name, as renewals do."""
        request, staged, extension = (self.folder / name for name in ("request.pem", "staged.pem", "extension.cnf"))
        staged_key = self.folder / "staged-key.pem"
        extension.write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
        openssl("req", "-new", "-newkey", *algorithm, "-nodes", "-subj", "/CN=server", "-keyout", staged_key, "-out", request)
        openssl(
            "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-days", "1",
            "-extfile", extension, "-out", staged,
        )
        staged.write_bytes(staged.read_bytes() + self.certificate.read_bytes())
        staged_key.replace(key)
        staged.replace(certificate)

"""Random signers, names and values, and botocore's signatures for them."""

import base64
import datetime
import string
from dataclasses import dataclass

import boto3
import botocore.auth
import botocore.signers
from botocore.config import Config

ALNUM = string.ascii_letters + string.digits
# What keys are made of: harmless characters, everything that encodings get wrong, and all sizes of UTF-8.
KEY_PIECES = [
    *"abcXYZ019-_.~/", " ", "  ", "+", "%", "%20", "%2F", "[", "]", "(", ")", "{", "}", "&", "=", "?", "#", ";", ":",
    "@", "!", "$", "'", '"', "*", ",", "<", ">", "\\", "^", "`", "|", "\t", "\n", "\r", "\x01", "\x7f", "//", "/./",
    "/../", "é", "ß", "e\u0301", "ሴ", "照片", "\u00a0", "\u2028", "\ufeff", "📷", "👩\u200d🔧",
]
ENDPOINTS = [
    ("http://127.0.0.1:9000", False), ("http://127.0.0.1", False), ("https://127.0.0.1:443", False),
    ("http://[::1]:8333", False), ("https://[2001:db8::1]", False), ("http://store.test:80", False),
    ("http://store.test", True), ("https://store.test", True), ("http://store.test:9000", True),
    ("https://store.test:8443", True), ("https://store.test:443", True), ("http://store.test:80", True),
    ("https://s3.eu-west-1.amazonaws.com", True), ("https://s3.us-east-1.amazonaws.com", False),
]
REGIONS = ["us-east-1", "eu-west-1", "ap-southeast-2", "auto", "garage"]


@dataclass
class Signer:
    """A boto3 client, and the same access key as the oracle is told it."""

    client: object
    question: dict


def signer(rng):
    endpoint, virtual_host = rng.choice(ENDPOINTS)
    token = base64.b64encode(rng.randbytes(rng.randint(1, 400))).decode() if rng.random() < 0.5 else None
    question = {
        "access_key_id": "".join(rng.choices(string.ascii_uppercase + string.digits, k=rng.randint(3, 24))),
        "secret_access_key": "".join(rng.choices(ALNUM + "/+", k=rng.choice([1, 20, 40, 59, 60, 61, 100]))),
        "session_token": token,
        "region": rng.choice(REGIONS),
        "endpoint": endpoint,
        "virtual_host": virtual_host,
    }
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name=question["region"],
        aws_access_key_id=question["access_key_id"],
        aws_secret_access_key=question["secret_access_key"],
        aws_session_token=token,
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual" if virtual_host else "path"}),
    )
    return Signer(client, question)


def text(rng, most=12):
    return "".join(rng.choices(KEY_PIECES, k=rng.randint(1, most)))


def key(rng):
    return text(rng, 24)


def ascii_text(rng):
    """A header's value: printable, with runs of spaces inside."""
    inner = "".join(rng.choices(string.ascii_letters + string.digits + string.punctuation + "   ", k=rng.randint(0, 30)))
    return "x" + inner + "x"


def bucket(rng):
    length = rng.choice([3, 4, 10, 40, 62, 63])
    style = rng.random()
    if style < 0.6:
        return rng.choice(string.ascii_lowercase) + "".join(
            rng.choices(string.ascii_lowercase + string.digits + "-", k=length - 2)
        ) + rng.choice(string.digits)
    if style < 0.9:
        return "a" + "".join(rng.choices(string.ascii_lowercase + ".-", k=length - 2)) + "z"
    if style < 0.95:
        return rng.choice(["10.0.0.1", "1.2.3.4.5", "a.b", "a.1"])
    return "".join(rng.choices(ALNUM + "._-", k=length))


def now(rng):
    """Seconds since 1970: any second, and the seconds around midnight and around leap days."""
    second = rng.randrange(4_102_444_800)
    choice = rng.random()
    if choice < 0.2:
        second = second // 86_400 * 86_400 - rng.choice([0, 1])
    elif choice < 0.3:
        second = int(datetime.datetime(2024, 2, 29, 23, 59, 59, tzinfo=datetime.timezone.utc).timestamp())
    return max(second, 0)


def expires_seconds(rng):
    return rng.choice([1, 60, 3600, 86_400, 604_800, rng.randint(1, 604_800)])


def freeze(monkeypatch, second):
    """Stops the clock of botocore's signers. They import the function by name, so it is replaced where it is used."""
    moment = datetime.datetime.fromtimestamp(second, datetime.timezone.utc)

    def frozen(remove_tzinfo=True):
        return moment.replace(tzinfo=None) if remove_tzinfo else moment

    monkeypatch.setattr(botocore.auth, "get_current_datetime", frozen)
    monkeypatch.setattr(botocore.signers, "get_current_datetime", frozen)


def sha256_base64(rng):
    return base64.b64encode(rng.randbytes(32)).decode()

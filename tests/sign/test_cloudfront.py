"""CloudFront's signed URLs: those by RSA equal botocore's byte for byte, those by ECDSA are verified by openssl."""

import base64
import datetime
import ipaddress
import string
import subprocess
from urllib.parse import parse_qs, urlsplit

import pytest
import sign_cases as cases
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

CASES = 60
# What stands in paths and queries as it is, and what is percent-encoded there. Wildcards stand in resources only.
URL_PIECES = [*"abcXYZ019-_.~/!$'()+,;:@", "%20", "%2F", "%C3%A9", "%22", "%5C", "//"]
RESOURCE_PIECES = [*URL_PIECES, "*", "?", '"', "\\", "é", "📷"]

KEYS = {
    "rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ecdsa": ec.generate_private_key(ec.SECP256R1()),
}
# Everything that AWS's console and openssl make of a key.
FORMS = [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL]


def pem(key, form):
    encryption = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, encryption).decode()


def public_pem(key):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def pieces(rng, choices, most):
    return "".join(rng.choices(choices, k=rng.randint(0, most)))


def url(rng):
    host = f"d{rng.randrange(10**9)}.cloudfront.net" + rng.choice(["", "", ":8443"])
    address = f"{rng.choice(['https', 'http'])}://{host}/{pieces(rng, URL_PIECES, 30)}"
    names = rng.sample(["color", "size", "response-content-disposition", "v"], rng.randint(0, 3))
    query = "&".join(f"{name}={pieces(rng, URL_PIECES, 8)}" for name in names)
    return f"{address}?{query}" if query else address


def question(rng, kind, sha1):
    """A URL with a canned or with a custom policy."""
    asked = {
        "key_id": "K" + "".join(rng.choices(string.ascii_uppercase + string.digits, k=13)),
        "pem": pem(KEYS[kind], rng.choice(FORMS)),
        "sha1": sha1,
        "url": url(rng),
        "expires": max(cases.now(rng), 1),
    }
    if rng.random() < 0.5:
        asked["resource"] = rng.choice([asked["url"], "*", pieces(rng, RESOURCE_PIECES, 30)])
        if rng.random() < 0.5:
            asked["starts"] = max(cases.now(rng), 1)
        if rng.random() < 0.5:
            asked["source"] = [str(ipaddress.IPv4Address(rng.randrange(2**32))), rng.randint(0, 32)]
    return asked


def moment(second):
    return datetime.datetime.fromtimestamp(second, datetime.timezone.utc)


def botocore_url(asked, algorithm):
    """The same by botocore, whose signer is handed the making of the signature."""
    signer = CloudFrontSigner(asked["key_id"], lambda text: KEYS["rsa"].sign(text, padding.PKCS1v15(), algorithm))
    if "resource" not in asked:
        return signer.generate_presigned_url(asked["url"], date_less_than=moment(asked["expires"]))
    source = asked.get("source")
    policy = signer.build_policy(
        asked["resource"],
        moment(asked["expires"]),
        moment(asked["starts"]) if "starts" in asked else None,
        f"{source[0]}/{source[1]}" if source else None,
    )
    return signer.generate_presigned_url(asked["url"], policy=policy)


@pytest.mark.parametrize("sha1", [True, False], ids=["SHA-1", "SHA-256"])
def test_urls_signed_by_rsa_equal_botocores(rng, oracle, sha1):
    asked = [question(rng, "rsa", sha1) for _ in range(CASES)]
    # botocore knows nothing of SHA-256; the parameter that says so comes last, as AWS documents it.
    algorithm, tail = (hashes.SHA1(), "") if sha1 else (hashes.SHA256(), "&Hash-Algorithm=SHA256")
    for ask, ours in zip(asked, oracle({"cloud_front": ask} for ask in asked), strict=True):
        assert ours["url"] == botocore_url(ask, algorithm) + tail, ask


def policy_and_signature(asked, signed):
    query = parse_qs(urlsplit(signed).query, keep_blank_values=True)
    decode = lambda text: base64.b64decode(text.translate(str.maketrans("-_~", "+=/")), validate=True)  # noqa: E731
    if "Policy" in query:
        text = decode(query["Policy"][0])
    else:
        text = CloudFrontSigner("", None).build_policy(asked["url"], moment(int(query["Expires"][0]))).encode()
    assert query["Hash-Algorithm"] == ["SHA256"] and query["Key-Pair-Id"] == [asked["key_id"]]
    return text, decode(query["Signature"][0])


def openssl_verifies(folder, public_key, text, signature):
    files = {"key": public_key.encode(), "text": text, "signature": signature}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    command = ["openssl", "dgst", "-sha256", "-verify", "key", "-signature", "signature", "text"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=30)
    return done.returncode == 0 and done.stdout == b"Verified OK\n"


def test_urls_signed_by_ecdsa_are_verified_by_openssl(rng, oracle, tmp_path):
    asked = [question(rng, "ecdsa", False) for _ in range(CASES)]
    public_key = public_pem(KEYS["ecdsa"])
    for ask, ours in zip(asked, oracle({"cloud_front": ask} for ask in asked), strict=True):
        text, signature = policy_and_signature(ask, ours["url"])
        assert openssl_verifies(tmp_path, public_key, text, signature), ask
        assert not openssl_verifies(tmp_path, public_key, text + b" ", signature), ask


def test_urls_signed_by_ecdsa_are_the_same_each_time(rng, oracle):
    asked = [question(rng, "ecdsa", False) for _ in range(CASES)]
    lines = [{"cloud_front": ask} for ask in asked]
    assert oracle(lines) == oracle(lines)


def test_what_others_sign_is_accepted_until_it_expires(rng, oracle):
    """botocore's URLs by RSA, and by ECDSA with a nonce that is drawn at random."""
    lines, expected = [], []
    for _ in range(CASES):
        kind, algorithm = rng.choice([("rsa", hashes.SHA1()), ("rsa", hashes.SHA256()), ("ecdsa", hashes.SHA256())])
        key = KEYS[kind]
        scheme = (padding.PKCS1v15(), algorithm) if kind == "rsa" else (ec.ECDSA(algorithm),)
        signer = CloudFrontSigner("K1", lambda text, key=key, scheme=scheme: key.sign(text, *scheme))
        plain, expires = url(rng), rng.randrange(1, 4_102_444_800)
        signed = signer.generate_presigned_url(plain, date_less_than=moment(expires))
        if isinstance(algorithm, hashes.SHA256):
            signed += "&Hash-Algorithm=SHA256"
        common = {"viewer": "192.0.2.1", "keys": [["K0", public_pem(KEYS[rng.choice(sorted(KEYS))])], ["K1", public_pem(key)]]}
        for now, answer in [(expires - 1, {"url": plain, "expires": expires}), (expires, "AccessDenied")]:
            lines.append({"cloud_front_verify": {"url": signed, "now": now, **common}})
            expected.append(answer)
    for line, ours, theirs in zip(lines, oracle(lines), expected, strict=True):
        assert ours == theirs or ours.get("code") == theirs, line

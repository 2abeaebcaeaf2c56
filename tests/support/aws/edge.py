"""What stands for CloudFront's own check of signed URLs, which MiniStack does not make: it verifies a URL as AWS describes
it, with another library than the one that signs, and hands on what is good to the distribution."""

import base64
import json
import time
from urllib.parse import parse_qsl, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PARAMETERS = ("Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm")


class Refused(Exception):
    """The edge answers 403."""


def new_key():
    """A private key as the operator makes one: its PEM, its public half, and that as the template takes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()
    public = key.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    return private, public, ",".join(pem.strip().splitlines()[1:-1])


def decode(text):
    """Base64 in the letters that CloudFront uses in URLs."""
    return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")), validate=True)


class Edge:
    """The key group of a distribution."""

    def __init__(self, cloud, keys):
        self.cloud, self.keys = cloud, keys

    def check(self, url):
        """Raises what CloudFront would refuse."""
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
        given = {name: value for name, value in query if name in PARAMETERS}
        if len(given) != sum(name in PARAMETERS for name, _ in query):
            raise Refused("a parameter stands twice")
        # The URL that was signed has every other parameter, in its place.
        rest = "&".join(pair for pair in parts.query.split("&") if pair.split("=")[0] not in PARAMETERS)
        plain = f"{parts.scheme}://{parts.netloc}{parts.path}" + (f"?{rest}" if rest else "")
        key = self.keys.get(given.get("Key-Pair-Id"))
        if key is None:
            raise Refused("no key of the group")
        if given.get("Hash-Algorithm") != "SHA256":
            raise Refused("not signed with SHA-256")
        if ("Expires" in given) == ("Policy" in given):
            raise Refused("needs either Expires or Policy")
        if "Expires" in given:
            condition = {"DateLessThan": {"AWS:EpochTime": int(given["Expires"])}}
            policy = json.dumps({"Statement": [{"Resource": plain, "Condition": condition}]}, separators=(",", ":")).encode()
        else:
            policy = decode(given["Policy"])
        try:
            key.verify(decode(given.get("Signature", "")), policy, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError) as error:
            raise Refused("the signature is another's") from error
        (statement,) = json.loads(policy)["Statement"]
        if statement["Resource"] not in (plain, "*"):
            raise Refused("signed for another photo")
        if time.time() >= statement["Condition"]["DateLessThan"]["AWS:EpochTime"]:
            raise Refused("expired")
        return plain

    def fetch(self, url):
        """A photo through the edge, as a browser gets it."""
        self.check(url)
        return self.cloud.through(url)

"""The seed of the random cases, and the crate's answers to them."""

import json
import os
import random
import subprocess

import pytest

SEED = int(os.environ.get("QDN_SEED") or random.SystemRandom().randrange(2**32))


def pytest_report_header():
    return f"signatures: QDN_SEED={SEED}"


@pytest.fixture
def rng(request):
    """Random numbers of a test's own, so that tests can be run alone with the same seed."""
    print(f"repeat with QDN_SEED={SEED}")
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture(scope="session")
def oracle():
    """Asks the crate many questions at once: objects in, a list of objects out."""
    path = os.environ.get("QDN_SIGN_ORACLE")
    if not path:
        pytest.fail("QDN_SIGN_ORACLE is not set: build it with `cargo build -p qdn-sign --all-features --example oracle`")

    def ask(questions):
        questions = list(questions)
        lines = "".join(json.dumps(question) + "\n" for question in questions)
        done = subprocess.run([path], input=lines, capture_output=True, encoding="utf-8", timeout=120)
        assert done.returncode == 0, f"the oracle failed: {done.stderr}"
        answers = [json.loads(line) for line in done.stdout.split("\n") if line]
        assert len(answers) == len(questions)
        return answers

    return ask

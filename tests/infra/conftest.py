"""The template, read once."""

import promises
import pytest
import template


@pytest.fixture(scope="session")
def stack():
    return promises.Stack(template.load())

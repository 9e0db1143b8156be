"""A small model and heads that it sees itself, compiled once for all tests."""

import pytest

from tests.smirk.small_model import heads_as_seen, small_model
from tests.smirk.small_task import write_head


@pytest.fixture(scope="session")
def known_model(tmp_path_factory):
    """A model without generator."""
    return small_model(write_head(tmp_path_factory.mktemp("head")), generator=False)


@pytest.fixture(scope="session")
def known(known_model):
    """Six heads of three people, whose truth is what the model sees."""
    return heads_as_seen(known_model, rows=6)

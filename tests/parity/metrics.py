"""Measures of pictures that need published weights."""

from collections.abc import Iterator

import jax

from face_jax.convert.engine import to_variables
from face_jax.metrics.lpips import Lpips
from face_jax.metrics.published import BACKBONES
from face_jax.published import published_kind
from tests.parity.fixture import Check, Fixture, Part


def lpips(fixture: Fixture) -> Iterator[Check]:
    """Distances of pictures: random, alike, one of them constant, equal."""
    kind = published_kind(fixture.part)
    target = kind.shapes({})
    variables = to_variables(fixture.state_dict, kind.table(target), target)
    network = Lpips(BACKBONES[fixture.part])
    images = [fixture.image(name) for name in ("prediction", "target")]
    found = jax.jit(network.apply)(variables[fixture.part], *images)
    yield from fixture.compare("distance", found)


PARTS: dict[str, Part] = dict.fromkeys(BACKBONES, lpips)

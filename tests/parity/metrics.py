"""Measures of pictures that need published weights."""

from collections.abc import Iterator

import jax

from face_jax.convert.engine import to_variables
from face_jax.convert.kinds import COUNTER
from face_jax.metrics.lpips import Lpips
from face_jax.metrics.published import BACKBONES, INCEPTION
from face_jax.nn.inception_v3 import InceptionV3
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


def inception(fixture: Fixture) -> Iterator[Check]:
    """Features of pictures that are larger, smaller and wider than the network's."""
    kind = published_kind(INCEPTION)
    network = InceptionV3(**fixture.config)
    target = kind.shapes({"network": fixture.config})
    state = {n: a for n, a in fixture.state_dict.items() if not n.endswith(COUNTER)}
    variables = to_variables(state, kind.table(target), target)
    features = jax.jit(network.apply)
    for name in fixture.inputs:
        found = features(variables[INCEPTION], fixture.image(name))
        yield from fixture.compare(f"{name}_features", found)


PARTS: dict[str, Part] = dict.fromkeys(BACKBONES, lpips) | {INCEPTION: inception}

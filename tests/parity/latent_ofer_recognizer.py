"""The recogniser on published weights: what it finds, and a step of its training."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax
import numpy as np

from face_jax.convert.engine import to_published
from face_jax.latent_ofer.expression_losses import cross_entropy
from face_jax.latent_ofer.folding import fold_recognizer
from face_jax.latent_ofer.recognizer import Recognizer
from face_jax.latent_ofer.recognizer_table import recognizer_table
from face_jax.latent_ofer.token_selection import PUBLISHED_TOKENS
from face_jax.nn.batch_norm import MOMENTUM
from tests.parity import folded
from tests.parity.fixture import Check, Fixture, Part
from tests.parity.latent_ofer_expression import (
    NETWORK,
    check,
    load,
    pictures,
    shapes_of,
    sizes,
)

TOKEN_WIDTH = 512
GRADIENT_STEP = 13
SHARE, TRUNK_SHARE = 1e-3, 5e-2
"""Stated tolerances of gradients, as shares of the largest entry."""


def recognizer(fixture: Fixture) -> Iterator[Check]:
    """Logits and what they are made of; where it is stored, a step of training."""
    network = Recognizer(
        latent_features=tuple(fixture.config["latent_mlp"]), **sizes(fixture)
    )
    images, latents = pictures(fixture), token_latents(fixture)
    variables = recognizer_variables(fixture.state_dict, network, images, latents)
    found, inside = jax.jit(lambda v, *x: _with_inside(network, v, *x))(
        variables, images, latents
    )
    yield from _features(fixture, found.features)
    yield check(fixture, "head0", inside["first_head"])
    yield check(fixture, "heads", found.attention)
    yield check(fixture, "latent_branch", found.latent)
    yield check(fixture, "fc2", inside["fusion_1"])
    yield check(fixture, "logits", found.logits)
    loss = cross_entropy(found.logits, fixture.inputs["labels"])
    yield check(fixture, "ce_eval", loss)
    given = images, latents
    yield from folded.network_checks(network, fold_recognizer, variables, given, found)
    if "train_logits" in fixture.outputs:
        yield from _training(fixture, network, images, latents)


def _with_inside(
    network: Recognizer, variables: Any, images: Any, latents: Any
) -> tuple[Any, dict[str, jax.Array]]:
    """The result, the pooled vector of the first head, and the layer before a norm."""

    def first_head(module: Recognizer) -> jax.Array:
        branch = module.image_branch
        return branch.pool(branch.attend(branch.extract(images)))[:, 0]

    found, state = network.apply(
        variables,
        images,
        latents,
        capture_intermediates=lambda module, _: module.name == "fusion_1",
        mutable=["intermediates"],
    )
    (layer,) = jax.tree.leaves(state["intermediates"])
    head = network.apply(variables, method=first_head)
    return found, {"first_head": head, "fusion_1": layer}


def _features(fixture: Fixture, features: jax.Array) -> Iterator[Check]:
    """Sampled entries of the trunk's map, and its shape."""
    stored, maps = fixture.outputs, np.asarray(features).transpose(0, 3, 1, 2)
    yield Check("feat_shape", maps.shape, stored["feat_shape"], 0)
    yield check(fixture, "feat_val", maps.reshape(-1)[stored["feat_idx"]])


def _training(
    fixture: Fixture, network: Recognizer, images: np.ndarray, latents: np.ndarray
) -> Iterator[Check]:
    """Logits, gradients and statistics of one step from unscaled weights."""
    weights = fixture.unscaled_state_dict
    variables = recognizer_variables(weights, network, images, latents)
    (loss, (logits, moved)), gradients = _training_step(network)(
        variables, images, latents, fixture.inputs["labels"]
    )
    yield check(fixture, "train_ce", loss)
    yield check(fixture, "train_logits", logits)
    after = _published({"params": gradients, "batch_stats": moved})
    yield from _gradients(fixture, after)
    yield from _statistics(fixture, _published(variables), after)


def _gradients(fixture: Fixture, found: Mapping[str, Any]) -> Iterator[Check]:
    """Gradients by published name, whole or every so many entries."""
    sampled = f"train_grad_stride{GRADIENT_STEP}"
    for name, expected in fixture.outputs.items():
        kind, _, parameter = name.partition("/")
        if kind not in ("train_grad", sampled):
            continue
        gradient = found[parameter]
        if kind == sampled:
            gradient = gradient.reshape(-1)[::GRADIENT_STEP]
        share = TRUNK_SHARE if parameter.startswith("features.") else SHARE
        yield Check(name, gradient, expected, share * np.abs(expected).max())


def _statistics(
    fixture: Fixture, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Check]:
    """Stored statistics after the step, with the variance that PyTorch stores."""
    batch, _, height, width = fixture.inputs["images"].shape
    stem = batch * (height // 2) * (width // 2)
    for name in fixture.outputs:
        kind, _, parameter = name.partition("/")
        if kind != "train_stat":
            continue
        moved = after[parameter]
        if parameter.endswith("running_var"):
            count = stem if parameter.startswith("features.1.") else batch
            kept = MOMENTUM * before[parameter]
            moved = kept + (moved - kept) * count / (count - 1)
        yield check(fixture, name, moved)


def _training_step(network: Recognizer) -> Any:
    @jax.jit
    def step(variables: Any, images: Any, latents: Any, labels: Any) -> Any:
        def loss(params: Any) -> Any:
            found, state = network.apply(
                {"params": params, "batch_stats": variables["batch_stats"]},
                images,
                latents,
                train=True,
                mutable=["batch_stats"],
            )
            entropy = cross_entropy(found.logits, labels)
            return entropy, (found.logits, state["batch_stats"])

        return jax.value_and_grad(loss, has_aux=True)(variables["params"])

    return step


def _published(variables: Any) -> dict[str, np.ndarray]:
    table = recognizer_table(variables, NETWORK)
    return to_published({NETWORK: variables}, table)


def recognizer_variables(
    weights: Mapping[str, np.ndarray],
    network: Recognizer,
    images: np.ndarray,
    latents: np.ndarray,
) -> Any:
    """Weights by published name as the recogniser's variables."""
    shapes = shapes_of(network, images, latents)
    return load(weights, recognizer_table(shapes, NETWORK), shapes)


def token_latents(fixture: Fixture) -> np.ndarray:
    """Latents of the selected tokens [B, N, 512], also where they are stored flat.

    Raises:
      ValueError: the file's tokens are not the published ones.
    """
    listed = fixture.config["token_index"]
    if listed is not None and list(PUBLISHED_TOKENS) != listed:
        raise ValueError(f"{fixture.path}: selects other tokens than published")
    stored = fixture.inputs
    latents = stored["selected_latents"] if listed is not None else stored["latent"]
    return latents.reshape(len(latents), -1, TOKEN_WIDTH)


PARTS: dict[str, Part] = {"recognizer": recognizer}

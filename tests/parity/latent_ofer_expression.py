"""Expression networks on published weights; their maps and losses."""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from face_jax.convert.engine import Table, to_variables
from face_jax.latent_ofer.attention_heads import Order
from face_jax.latent_ofer.cam import class_activation_maps, shown_maps
from face_jax.latent_ofer.expression import ExpressionNetwork
from face_jax.latent_ofer.expression_losses import affinity_loss, partition_loss
from face_jax.latent_ofer.folding import fold_expression
from face_jax.latent_ofer.recognizer_table import IGNORED, expression_table
from tests.parity import folded
from tests.parity.fixture import Check, Fixture, Part

Function = Callable[[Any], Any]

NETWORK = "network"
MAP_STEP, CAM_STEP, PARTITION_STEP = 7, 4, 5


def dan(fixture: Fixture) -> Iterator[Check]:
    """The baseline, and the attended map of its first head."""

    def sampled(attended: np.ndarray) -> np.ndarray:
        return attended.transpose(0, 3, 1, 2).reshape(-1)[::MAP_STEP]

    yield from _expression(fixture, "spatial_first", sampled, jnp.asarray)


def fer_recon(fixture: Fixture) -> Iterator[Check]:
    """The judge of reconstructions: the published objective sees a sigmoid."""

    def pooled(attended: np.ndarray) -> np.ndarray:
        return attended.mean(axis=(1, 2))

    yield from _expression(fixture, "channel_first", pooled, nn.sigmoid)


def _expression(
    fixture: Fixture, order: Order, seen: Function, activation: Function
) -> Iterator[Check]:
    """What a network finds; ``seen`` reads the map that its first head attends to."""
    network = ExpressionNetwork(order=order, **sizes(fixture))
    images = pictures(fixture)
    variables = expression_variables(fixture, network, images)
    attend = jax.jit(functools.partial(network.apply, method=network.attend))
    attended = np.asarray(attend(variables, images)[:, 0])
    yield check(fixture, "sa0", seen(attended))
    found = jax.jit(network.apply)(variables, images)
    yield check(fixture, "feat_mean", found.features.mean(axis=(1, 2)))
    yield check(fixture, "heads", found.heads)
    yield check(fixture, "bn_logits", found.logits)
    yield check(fixture, "out", activation(found.logits))
    yield from folded.network_checks(
        network, fold_expression, variables, (images,), found
    )


def gradcam(fixture: Fixture) -> Iterator[Check]:
    """Maps of every head for the likeliest class, raw and as they are shown."""
    network = ExpressionNetwork(order="spatial_first", **sizes(fixture))
    images = pictures(fixture)
    variables = expression_variables(fixture, network, images)
    found = jax.jit(class_activation_maps, static_argnums=0)(network, variables, images)
    yield Check("pred", found.classes, fixture.outputs["pred"], 0)
    shown = shown_maps(found.maps, images.shape[1:3])[:, :, ::CAM_STEP, ::CAM_STEP]
    for head in range(network.num_heads):
        yield check(fixture, f"head{head}_raw", found.maps[:, head])
        yield check(fixture, f"head{head}_cam_stride4", shown[:, head])
    made = network.clone(folded=True), fold_expression(variables)
    again = jax.jit(class_activation_maps, static_argnums=0)(*made, images)
    yield from folded.checks(again, found)


def dan_losses(fixture: Fixture) -> Iterator[Check]:
    """Affinity and partition, and their gradients."""
    given, centers = fixture.inputs, fixture.state_dict["centers"]
    places = given["feat"].shape[2] * given["feat"].shape[3]
    pooled = given["feat"].mean(axis=(2, 3))
    loss, (features, at_centers) = jax.value_and_grad(affinity_loss, (0, 2))(
        pooled, given["labels"], centers
    )
    yield check(fixture, "affinity", loss)
    yield check(fixture, "affinity_grad_centers", at_centers)
    yield check(fixture, "affinity_grad_feat_gap", features / places)
    loss, gradient = jax.value_and_grad(partition_loss)(given["heads"])
    yield check(fixture, "partition", loss)
    sampled = gradient.reshape(-1)[::PARTITION_STEP]
    yield check(fixture, "partition_grad_stride5", sampled)


def expression_variables(
    fixture: Fixture, network: ExpressionNetwork, images: np.ndarray
) -> Any:
    """The file's weights as the network's variables."""
    shapes = shapes_of(network, images)
    table = expression_table(shapes, NETWORK)
    return load(fixture.state_dict, table, shapes)


def load(weights: Mapping[str, np.ndarray], table: Table, shapes: Any) -> Any:
    """One network's variables from weights by published name."""
    return to_variables(weights, table, {NETWORK: shapes}, IGNORED)[NETWORK]


def shapes_of(network: nn.Module, *inputs: Any) -> Any:
    """Shape structs of a network's variables."""
    return jax.eval_shape(network.init, jax.random.key(0), *inputs)


def sizes(fixture: Fixture) -> dict[str, int]:
    """Numbers of classes and heads."""
    config = fixture.config
    return {"num_classes": config["num_class"], "num_heads": config["num_head"]}


def pictures(fixture: Fixture) -> np.ndarray:
    """Normalised pictures [B, H, W, 3]."""
    return fixture.inputs["images"].transpose(0, 2, 3, 1)


def check(fixture: Fixture, name: str, actual: Any) -> Check:
    """With the stated tolerance: of the entry, and of the output's spread."""
    expected, stated = fixture.outputs[name], fixture.meta["tol"]
    if "rtol" not in stated:  # the recogniser's, in words
        stated = {"rtol": 1e-3, "atol": "1e-3*std"}
    share, _, measure = stated["atol"].partition("*")
    spread = np.abs(expected).max() if measure == "max" else expected.std()
    return Check(
        name,
        actual,
        expected,
        float(share) * spread + stated["rtol"] * np.abs(expected),
    )


PARTS: dict[str, Part] = {
    "dan": dan,
    "dan_losses": dan_losses,
    "fer_recon": fer_recon,
    "gradcam_dan": gradcam,
}

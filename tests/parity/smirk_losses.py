"""SMIRK's losses that need no network."""

from collections.abc import Iterator

import jax
import numpy as np

from face_jax.geometry.head import HeadParameters
from face_jax.heads.flame import flame_from_arrays
from face_jax.smirk import objectives
from face_jax.smirk.projection import project_face
from face_jax.types import Array
from tests.parity.fixture import Check, Fixture, Part
from tests.parity.smirk_geometry import synthetic_assets

SHARE = 1e-4
"""Of the largest magnitude and of each entry: the stated tolerance."""

NAMES = {
    "contour": "landmark_loss_fan",
    "landmarks": "landmark_loss_mp",
    "expression": "expression_regularization",
    "shape": "shape_regularization",
    "jaw": "jaw_regularization",
    "reconstruction": "reconstruction_loss",
    "perceptual": "perceptual_vgg_loss",
    "emotion": "emotion_loss",
    "identity": "mica_loss",
}
"""Our names of terms and the published ones."""

PARAMETERS = ("pose", "shape", "expression", "eyelid", "jaw")


def cycle_loss(fixture: Fixture) -> Iterator[Check]:
    """The second path's loss and its gradients, with and without the shape."""
    wanted = HeadParameters(**parameters(fixture, "target"))
    given = parameters(fixture, "recon")
    for phase, shape in (("encoder_phase", False), ("generator_phase", True)):

        def loss(given: dict[str, Array], shape: bool = shape) -> Array:
            return objectives.cycle_loss(wanted, HeadParameters(**given), shape=shape)

        value, gradients = jax.value_and_grad(loss)(given)
        yield close(fixture, f"cycle_loss_{phase}", value)
        for name, gradient in gradients.items():
            if f"grad_{name}_{phase}" in fixture.outputs:
                yield close(fixture, f"grad_{name}_{phase}", gradient)


def step1_pretrain(fixture: Fixture) -> Iterator[Check]:
    """Every term of pretraining, their sum and its gradients."""
    inputs, synthetic = fixture.inputs, fixture.meta["synthetic"]
    assets = synthetic_assets(synthetic["seed"], tuple(synthetic["topology"]))
    head = flame_from_arrays(assets)
    weights = published_weights(fixture)

    def loss(given: dict[str, Array]) -> tuple[Array, dict[str, Array]]:
        camera = given["cam"]
        faces = HeadParameters(**{n: v for n, v in given.items() if n != "cam"})
        terms = objectives.landmark_terms(
            project_face(head, faces, camera),
            inputs["landmarks_fan"],
            inputs["flag_landmarks_fan"],
            inputs["landmarks_mp"],
        )
        terms |= objectives.regularization_terms(faces)
        terms["identity"] = objectives.identity_term(
            faces.shape_params, inputs["mica_shape"]
        )
        return objectives.weighted_sum(terms, weights), terms

    given = parameters(fixture, "enc") | {"cam": inputs["enc_cam"]}
    (total, terms), gradients = jax.jit(jax.value_and_grad(loss, has_aux=True))(given)
    yield close(fixture, "total", total)
    for name, published in NAMES.items():
        yield close(fixture, f"loss_{published}", terms.get(name, 0.0))
    for name, gradient in gradients.items():
        yield close(fixture, f"grad_{name}", gradient)


def parameters(fixture: Fixture, prefix: str) -> dict[str, np.ndarray]:
    """A head's parameters by our names, which are the published ones."""
    return {
        f"{name}_params": fixture.inputs[f"{prefix}_{name}_params"]
        for name in PARAMETERS
    }


def published_weights(fixture: Fixture) -> dict[str, float]:
    """The weights that a file's configuration states, by our names."""
    config = fixture.config
    stated = config["loss_weights"]
    weights = {"contour": stated["landmark_loss"], "landmarks": stated["landmark_loss"]}
    trained = {
        "optimize_shape": ("shape", "identity"),
        "optimize_expression": ("expression", "jaw"),
    }
    for switch, names in trained.items():
        if config[switch]:
            weights |= {name: stated[NAMES[name]] for name in names}
    return weights


def close(fixture: Fixture, name: str, actual: Array | float) -> Check:
    """A check within the stated tolerance."""
    expected = fixture.outputs[name]
    atol = SHARE * (np.abs(expected).max() + np.abs(expected))
    return Check(name, actual, expected, atol)


PARTS: dict[str, Part] = {
    "cycle_loss": cycle_loss,
    "step1_pretrain": step1_pretrain,
}

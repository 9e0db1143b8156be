"""SMIRK's losses: of the cycle, of pretraining, and of the first path of training."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.head import HeadModel, HeadParameters, LandmarkEmbedding
from face_jax.heads.flame import flame_from_arrays
from face_jax.losses.weighting import weighted_sum
from face_jax.nn.batch_norm import apply_with_statistics
from face_jax.smirk import objectives
from face_jax.smirk.encoder import EncodedFace
from face_jax.smirk.generator import Generator
from face_jax.smirk.masking import masked_image, rendered_mask
from face_jax.smirk.paths import parameter_terms, picture_terms
from face_jax.smirk.perceptual import perceptual_network
from face_jax.smirk.projection import ProjectedFace
from face_jax.smirk.surface_sampling import point_pixels, transfer_pixels
from face_jax.types import Array
from tests.parity.fixture import Check, Fixture, Part
from tests.parity.smirk_geometry import synthetic_assets
from tests.parity.smirk_networks import channels_first, compare, load, picture

Arrays = Mapping[str, Any]
Terms = dict[str, Array]

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
            found = HeadParameters(**given)
            terms = objectives.cycle_terms(wanted, found, shape=shape)
            return objectives.cycle_loss(terms)

        value, gradients = jax.value_and_grad(loss)(given)
        yield close(fixture, f"cycle_loss_{phase}", value)
        for name, gradient in gradients.items():
            if f"grad_{name}_{phase}" in fixture.outputs:
                yield close(fixture, f"grad_{name}_{phase}", gradient)


def step1_pretrain(fixture: Fixture) -> Iterator[Check]:
    """Every term of pretraining, their sum and its gradients."""
    weights = published_weights(fixture)

    def loss(given: Arrays, head: HeadModel, inputs: Arrays) -> tuple[Array, Terms]:
        terms, _ = terms_of_parameters(head, given, inputs)
        shape = given["shape_params"]
        terms["identity"] = objectives.identity_term(shape, inputs["mica_shape"])
        return weighted_sum(terms, weights), terms

    run = jax.jit(jax.value_and_grad(loss, has_aux=True))
    given = parameters(fixture, "enc") | {"cam": fixture.inputs["enc_cam"]}
    (total, terms), gradients = run(given, full_head(fixture), fixture.inputs)
    yield from compare_terms(fixture, total, terms)
    for name, gradient in gradients.items():
        yield close(fixture, f"grad_{name}", gradient)


def step1_train(fixture: Fixture) -> Iterator[Check]:
    """Every term of the first path with a given rendering, and its pictures."""
    weights, radius = published_weights(fixture), fixture.config["mask_dilation_radius"]
    image = picture(fixture, "img")
    generator, vgg = Generator(), perceptual_network()
    networks = {"generator": (generator, image, image), "vgg16": (vgg, image)}

    @jax.jit
    def run(
        variables: Any, head: HeadModel, given: Arrays, inputs: Arrays, image: Array
    ) -> tuple[Array, Terms, Array, Array]:
        terms, face = terms_of_parameters(head, given, inputs)
        rendered = jnp.repeat(inputs["rendered_gray"][..., None], 3, axis=-1)
        points = LandmarkEmbedding(inputs["faces_idx"], inputs["bary"])
        pixels = point_pixels(face.projected, head.faces, points, image.shape[1])
        masked = masked_image(
            image,
            inputs["mask"][:, 0],
            transfer_pixels(image, pixels, pixels),
            rendered=rendered_mask(rendered),
            noise=jnp.moveaxis(inputs["noise_normal_x4"] / 4, 1, -1),
            centres=inputs["bernoulli_centres"][:, 0] > 0,
            radius=radius,
        )
        made, _ = apply_with_statistics(
            generator, variables["generator"], rendered, masked, train=True
        )
        terms |= picture_terms(variables, made, image)
        return weighted_sum(terms, weights), terms, masked, made

    given = parameters(fixture, "enc") | {"cam": fixture.inputs["enc_cam"]}
    variables, head = load(fixture, networks), full_head(fixture)
    total, terms, masked, made = run(variables, head, given, fixture.inputs, image)
    yield from compare_terms(fixture, total, terms)
    yield from compare(fixture, "masked_img", channels_first(masked))
    yield from compare(fixture, "reconstructed_img", channels_first(made))


def full_head(fixture: Fixture) -> HeadModel:
    """The head that a file's ``synthetic`` entry describes."""
    synthetic = fixture.meta["synthetic"]
    assets = synthetic_assets(synthetic["seed"], tuple(synthetic["topology"]))
    return flame_from_arrays(assets)


def terms_of_parameters(
    head: HeadModel, given: Arrays, inputs: Arrays
) -> tuple[Terms, ProjectedFace]:
    """All terms that need no network, and the projected face."""
    faces = HeadParameters(**{n: v for n, v in given.items() if n != "cam"})
    batch = {
        "landmarks_68": inputs["landmarks_fan"],
        "has_landmarks_68": inputs["flag_landmarks_fan"],
        "landmarks_mediapipe": inputs["landmarks_mp"],
    }
    return parameter_terms(head, EncodedFace(faces, given["cam"]), batch)


def compare_terms(fixture: Fixture, total: Array, terms: Terms) -> Iterator[Check]:
    """Checks the sum and every term; those that are not computed are stored as 0."""
    yield close(fixture, "total", total)
    for name, published in NAMES.items():
        yield close(fixture, f"loss_{published}", terms.get(name, 0.0))


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
    names = ["reconstruction", "perceptual", "emotion"]
    if config["optimize_shape"]:
        names += ["shape", "identity"]
    if config["optimize_expression"]:
        names += ["expression", "jaw"]
    landmarks = dict.fromkeys(("contour", "landmarks"), stated["landmark_loss"])
    return landmarks | {name: stated[NAMES[name]] for name in names}


def close(fixture: Fixture, name: str, actual: Array | float) -> Check:
    """A check within the stated tolerance."""
    expected = fixture.outputs[name]
    atol = SHARE * (np.abs(expected).max() + np.abs(expected))
    return Check(name, actual, expected, atol)


PARTS: dict[str, Part] = {
    "cycle_loss": cycle_loss,
    "step1_pretrain": step1_pretrain,
    "step1_train": step1_train,
}

"""The masked autoencoder on published weights: latents, tokens, pixels, losses."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from face_jax.convert.engine import to_variables
from face_jax.latent_ofer.mae import MaskedAutoencoder, Reconstruction
from face_jax.latent_ofer.mae_table import masked_autoencoder_table
from face_jax.latent_ofer.patches import denormalize
from face_jax.latent_ofer.reconstruction import (
    patch_targets,
    random_mask,
    reconstruction_loss,
)
from face_jax.nn.vit import unpatchify
from tests.parity.fixture import Check, Fixture, Part

FIELDS = {
    "img_size": "image_size",
    "patch_size": "patch_size",
    "embed_dim": "width",
    "depth": "depth",
    "num_heads": "num_heads",
    "decoder_embed_dim": "decoder_width",
    "decoder_depth": "decoder_depth",
    "decoder_num_heads": "decoder_heads",
    "mlp_ratio": "mlp_ratio",
}
RATIO = 0.75
SAMPLED_PIXELS = 8
"""Step between the stored pixels of a whole predicted picture."""


def mae(fixture: Fixture) -> Iterator[Check]:
    """Three passes: randomly masked, nothing masked, masked as a detector does."""
    network = MaskedAutoencoder(**{FIELDS[k]: v for k, v in fixture.config.items()})
    normalized = jnp.asarray(fixture.inputs["images"].transpose(0, 2, 3, 1))
    images = denormalize(normalized)
    variables = published_variables(fixture, network, images)
    run = jax.jit(network.apply, static_argnames="method")
    project = jax.jit(lambda x: network.apply(variables, x, method="project"))

    mask, kept = random_mask(jnp.asarray(fixture.inputs["noise"]), RATIO)
    covered = jnp.asarray(fixture.inputs["occ_mask"]) > 0.5
    nothing = jnp.zeros_like(covered)
    passes = {
        "pretrain": (mask, run(variables, images, kept, method="from_kept")),
        "full": (nothing, run(variables, images)),
        "occ": (covered, run(variables, images, covered)),
    }
    for name, (hidden, found) in passes.items():
        whole = name == "occ"
        latents = visible_tokens(found.latents, hidden) if whole else found.latents
        yield from _tokens(fixture, name, latents, project(latents), found)
        yield _check(fixture, f"{name}_mask", hidden)
        if hidden.any():
            yield from _losses(fixture, name, found, images, hidden)
    predicted = unpatchify(
        passes["occ"][1].patches, network.patch_size, network.grid, network.grid
    )
    step = SAMPLED_PIXELS
    sampled = predicted.transpose(0, 3, 1, 2)[:, :, ::step, ::step]
    yield _check(fixture, "occ_unpatchify_sub", sampled)


def _tokens(
    fixture: Fixture,
    name: str,
    latents: jax.Array,
    embedded: jax.Array,
    found: Reconstruction,
) -> Iterator[Check]:
    stored = fixture.outputs
    rows = stored[f"{name}_latent_tok"]
    yield _check(fixture, f"{name}_latent", latents[:, rows])
    yield _check(fixture, f"{name}_dec_embed", embedded[:, rows])
    yield _check(fixture, f"{name}_dec_latent", found.tokens[:, stored["tok"]])
    yield _check(fixture, f"{name}_pred", found.patches[:, stored["ptok"]])


def _losses(
    fixture: Fixture,
    name: str,
    found: Reconstruction,
    images: jax.Array,
    mask: jax.Array,
) -> Iterator[Check]:
    for suffix, normalized in (("loss", False), ("loss_normpix", True)):
        targets = patch_targets(images, fixture.config["patch_size"], normalized)
        loss = reconstruction_loss(found.patches, targets, mask)
        yield _check(fixture, f"{name}_{suffix}", loss)


def published_variables(
    fixture: Fixture, network: MaskedAutoencoder, images: jax.Array
) -> Any:
    """The file's weights as the network's variables."""
    shapes = jax.eval_shape(network.init, jax.random.key(0), images)
    table = masked_autoencoder_table(shapes, "mae")
    return to_variables(fixture.state_dict, table, {"mae": shapes})["mae"]


def visible_tokens(latents: jax.Array, mask: jax.Array) -> np.ndarray:
    """Class token and visible patches [B, 1 + K, D], equally many in each picture."""
    visible = np.pad(~np.asarray(mask), ((0, 0), (1, 0)), constant_values=True)
    return np.asarray(latents)[visible].reshape(len(mask), -1, latents.shape[-1])


def _check(fixture: Fixture, name: str, actual: Any) -> Check:
    """With the stated tolerance: of the entry, and of the output's deviation."""
    expected, stated = fixture.outputs[name], fixture.meta["tol"]
    share = float(stated["atol"].removesuffix(" * std of output"))
    atol = share * expected.std() + stated["rtol"] * np.abs(expected)
    return Check(name, actual, expected, atol)


PARTS: dict[str, Part] = {"mae": mae}

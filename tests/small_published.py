"""Small networks for each kind of published files, and such files."""

from face_jax.convert.kinds import Kind, merged, publish
from face_jax.convert.torch_writer import write_state
from face_jax.published import published_kind
from tests.filled import numbers_for
from tests.fsrt import tiny_model
from tests.latent_ofer.small_tasks import (
    AUTOENCODER,
    EXPRESSION,
    EXPRESSION_SIDE,
    GRID,
    SIDE,
    TOKENS,
)
from tests.smirk.small_task import NETWORKS

LATENT_BRANCH = {"latent_features": [8, 6, 5, 4], "fusion_features": [6, 5]}
"""As many layers as are published."""


def small_settings(name: str, head: str) -> dict:
    """What differs from the published settings; some networks have one size only.

    Args:
      name: of the kind.
      head: a file of a head.
    """
    detector = {**tiny_model.NETWORKS["keypoint_detector"], "scale_factor": 0.25}
    expressions = {"network": EXPRESSION, "side": EXPRESSION_SIDE}
    latents = {"grid": GRID, "token_width": TOKENS}
    refinement = {
        "size": "tiny",
        "network": AUTOENCODER,
        "side": SIDE,
        "generator": {"width": 1, "levels": 5},
        "image_discriminator": {"width": 2, "halvings": 2},
        "feature_discriminator": {"width": 4},
        "expression": EXPRESSION,
        "expression_side": EXPRESSION_SIDE,
    }
    return {
        "fsrt": {"networks": {**tiny_model.NETWORKS, "keypoint_detector": detector}},
        "smirk": {"networks": {**NETWORKS, "head": head}},
        "mica": {"networks": {"mica": NETWORKS["mica"]}},
        "emotion": {"networks": {"emotion": NETWORKS["emotion"]}},
        "inception": {"network": {"channel_divisor": 16}},
        "mae": {"size": "tiny", "network": AUTOENCODER},
        "dan": expressions,
        "expression": expressions,
        "recognizer": {
            **expressions,
            **latents,
            "network": {**EXPRESSION, **LATENT_BRANCH},
        },
        "refinement": refinement,
    }.get(name, {})


def published_files(name, head, folder):
    """Writes files of random weights.

    Returns:
      The kind, the variables by network, and the files.
    """
    kind, variables = small_variables(name, head)
    return kind, variables, write_files(kind, variables, folder)


def small_variables(name, head):
    """A kind, and random variables of its small networks."""
    kind = published_kind(name)
    settings = merged(kind.settings[0], small_settings(name, head))
    return kind, numbers_for(kind.shapes(settings))


def write_files(kind: Kind, variables, folder):
    """Writes variables as their publisher has them; the paths."""
    paths = []
    for file, content in publish(kind, variables).items():
        paths.append(folder / f"{file}.pt")
        write_state(paths[-1], content)
    return paths

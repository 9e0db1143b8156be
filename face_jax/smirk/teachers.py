"""What teaches SMIRK besides photographs: frozen networks, the truth, another encoder.

Source: SMIRK, arXiv 2404.04104, and its public code.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import jax
import jax.numpy as jnp

from face_jax.geometry.head import HeadParameters
from face_jax.nn.apply import apply
from face_jax.smirk.networks import BASE, Networks, estimate
from face_jax.smirk.paths import Compat
from face_jax.types import Array, Batch, Variables

IdentityTeacher = Literal["mica", "truth"]
"""Who knows the identity: MICA, or the batch's ``shape_params`` of synthetic faces."""

NETWORK_OF_TERM = {"perceptual": "vgg16", "emotion": "emotion", "identity": "mica"}
"""Frozen networks by the term that needs them."""


def needed_files(
    stages: Iterable[Mapping[str, float]],
    files: Mapping[str, str | None],
    identity_teacher: IdentityTeacher,
) -> dict[str, str | None]:
    """Terms that need a frozen network, each with its file.

    Args:
      stages: weights by term of every stage of the run.
      files: by network; None where the user has none.
      identity_teacher: whom the identity is learned from.

    Returns:
      The file, or None, by term.
    """
    wanted = {term for stage in stages for term, weight in stage.items() if weight}
    if identity_teacher == "truth":
        wanted.discard("identity")
    return {
        term: files[network]
        for term, network in NETWORK_OF_TERM.items()
        if term in wanted
    }


def teacher_identities(
    networks: Networks, variables: Variables, batch: Batch, compat: Compat = "fixed"
) -> tuple[Array, Array | None]:
    """What MICA takes people for.

    Args:
      networks: the modules.
      variables: must hold ``mica``.
      batch: ``recognition_image`` uint8 [B, 112, 112, 3] and ``has_landmarks_68``,
        without which there is no aligned face.
      compat: see ``Compat``.

    Returns:
      Coefficients [B, n], and for whom they count, bool [B]; None for all.
    """
    order: Literal["bgr", "rgb"] = "bgr" if compat == "reference" else "rgb"
    teacher = networks.mica.clone(channel_order=order)
    faces = jnp.asarray(batch["recognition_image"], jnp.float32) / 255.0
    found = apply(teacher, variables["mica"], faces)
    return found, None if compat == "reference" else batch["has_landmarks_68"]


def true_identities(batch: Batch, noise: Array) -> tuple[Array, Array]:
    """What synthetic faces were made from, disturbed.

    Args:
      batch: ``shape_params`` [B, n or more] and ``has_truth`` bool [B].
      noise: [B, n], added.

    Returns:
      Coefficients [B, n], and for whom they count, bool [B].
    """
    return batch["shape_params"][:, : noise.shape[1]] + noise, batch["has_truth"]


def base_parameters(
    networks: Networks, variables: Variables, image: Array
) -> HeadParameters:
    """What the encoders saw before the training began; without gradient.

    Args:
      networks: the modules.
      variables: encoders; those whose names begin with ``base_`` go before the others.
      image: [B, S, S, 3] float RGB in [0, 1].

    Returns:
      Of B faces; the pose is not that of a base encoder.
    """
    names = networks.encoders.names
    known = {n: variables.get(f"{BASE}{n}", variables[n]) for n in names}
    face, _ = estimate(networks, known, image)
    return jax.lax.stop_gradient(face.head)

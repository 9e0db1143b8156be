"""Heads whose parts do not fit together are refused by the name of the part."""

import dataclasses

import jax.numpy as jnp
import pytest

from face_jax.geometry.head import LandmarkEmbedding
from face_jax.heads.checks import check_head
from tests.heads.tiny_head import bare_head, embedding, full_head

HEAD = full_head()
POINTS = embedding((5,))
BROKEN = {
    "no axes": ({"template": jnp.zeros(())}, "template: expected 2 axes, got 0"),
    "flat faces": ({"faces": jnp.zeros(6, int)}, "faces: expected 2 axes, got 1"),
    "flat basis": (
        {"expression_basis": jnp.zeros((4, 3))},
        "expression_basis: expected 3 axes, got 2",
    ),
    "one number": ({"uvs": jnp.zeros(())}, "uvs: expected 2 axes, got 0"),
    "fewer joints": (
        {"joint_parents": (-1,)},
        r"joint_parents: expected -1 .* each of 2 joints, got \[-1\]",
    ),
    "no root": ({"joint_parents": (0, 0)}, r"joint_parents: .*, got \[0, 0\]"),
    "two roots": ({"joint_parents": (-1, -1)}, r"joint_parents: .*, got \[-1, -1\]"),
    "child first": ({"joint_parents": (-1, 1)}, r"joint_parents: .*, got \[-1, 1\]"),
    "names": ({"joint_parents": ("a", "b")}, r"joint_parents: .*, got \['a', 'b'\]"),
    "half a rig": (
        {"skinning_weights": None},
        "joint_regressor, skinning_weights: expected both or none",
    ),
    "lids": (
        {"eyelid_basis": HEAD.eyelid_basis[..., :1]},
        r"eyelid_basis: expected \[4, 3, 2\], got \[4, 3, 1\]",
    ),
    "fractions": (
        {"face_materials": jnp.zeros(4)},
        "face_materials: expected whole numbers, got float32",
    ),
    "mask of numbers": (
        {"regions": {"face": jnp.zeros(4)}},
        "region face: expected bool, got float32",
    ),
    "weights of points": (
        {"landmarks": {"a": LandmarkEmbedding(POINTS.faces, POINTS.bary[:, :2])}},
        r"landmarks a: bary: expected \[5, 3\], got \[5, 2\]",
    ),
    "points nowhere": (
        {"landmarks": {"a": LandmarkEmbedding(POINTS.faces, POINTS.bary * jnp.nan)}},
        "landmarks a: bary: holds values that are not finite",
    ),
    "points beyond": (
        {"landmarks": {"a": LandmarkEmbedding(POINTS.faces + 4, POINTS.bary)}},
        "landmarks a: faces: expected numbers from 0 to 3, got",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_does_not_fit_is_named(name):
    change, message = BROKEN[name]
    with pytest.raises(ValueError, match=f"here: {message}"):
        check_head(dataclasses.replace(HEAD, **change), "here")


def test_whole_heads_pass():
    check_head(HEAD, "full")
    check_head(bare_head(), "bare")

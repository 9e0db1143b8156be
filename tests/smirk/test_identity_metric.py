"""Distances between identities, by coefficients and by the faces they stand for."""

import dataclasses

import numpy as np
import pytest

from face_jax.geometry.head import HeadParameters, pose_head
from face_jax.heads import library
from face_jax.smirk import objectives
from face_jax.smirk.identity_metric import vertex_metric
from face_jax.smirk.settings import SmirkSettings

BATCH, COUNT = 4, 12


@pytest.fixture(scope="module")
def head():
    return library.head("procedural")


@pytest.fixture(scope="module")
def face(head):
    return np.flatnonzero(np.asarray(head.regions["face"]))


def neutral_faces(head, face, shape_params):
    posed = pose_head(head, HeadParameters(shape_params=shape_params))
    return np.asarray(posed.vertices, np.float64)[:, face]


def test_it_is_the_mean_square_between_the_vertices_of_faces(head, face):
    draw = np.random.default_rng(0).standard_normal
    ours, theirs = (draw((BATCH, COUNT)).astype(np.float32) for _ in range(2))
    metric = vertex_metric(head, face, COUNT)
    apart = ours - theirs
    found = np.einsum("bi,ij,bj->b", apart, metric, apart)
    gaps = neutral_faces(head, face, ours) - neutral_faces(head, face, theirs)
    gaps -= gaps.mean(axis=1, keepdims=True)
    squares = (gaps**2).sum(axis=(1, 2))
    # One factor makes the one the other: it goes with the trace, which is 1.
    np.testing.assert_allclose(found / found[0], squares / squares[0], rtol=2e-3)
    np.testing.assert_allclose(np.trace(metric), 1.0, rtol=1e-6)
    assert np.linalg.eigvalsh(metric.astype(np.float64)).min() > -1e-7


def test_the_term_takes_it_over_the_rows_that_are_known(head, face):
    draw = np.random.default_rng(1).standard_normal
    ours, theirs = (draw((BATCH, COUNT)).astype(np.float32) for _ in range(2))
    metric, known = vertex_metric(head, face, COUNT), np.arange(BATCH) < 2
    found = objectives.identity_term(ours, theirs, known, metric)
    apart = (ours - theirs)[:2].astype(np.float64)
    np.testing.assert_allclose(
        found, np.mean([row @ metric @ row for row in apart]), rtol=1e-5
    )
    equal = np.eye(COUNT, dtype=np.float32) / COUNT
    np.testing.assert_allclose(
        objectives.identity_term(ours, theirs, known, equal),
        objectives.identity_term(ours, theirs, known),
        rtol=1e-5,
    )


def test_a_head_whose_face_does_not_move_is_refused(head, face):
    still = dataclasses.replace(
        head, identity_basis=np.zeros_like(np.asarray(head.identity_basis))
    )
    with pytest.raises(ValueError, match=r"identity_metric='vertices'.*they do not"):
        vertex_metric(still, face, COUNT)


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match=r"task.identity_metric.*'landmarks'"):
        SmirkSettings(identity_metric="landmarks")

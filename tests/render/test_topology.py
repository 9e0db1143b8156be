import collections

import numpy as np
import pytest

from face_jax.render import Topology
from tests.render.meshes import icosphere


def described(faces):
    """Of every edge its ends, in any order, and the multiset of opposite vertices."""
    edges = Topology.from_faces(np.array(faces)).edges
    assert edges.dtype == np.int32
    return sorted((*sorted(edge[:2]), *sorted(edge[2:])) for edge in edges.tolist())


def test_a_boundary_edge_has_nobody_on_the_other_side():
    assert described([[4, 0, 2]]) == [(0, 2, -1, 4), (0, 4, -1, 2), (2, 4, -1, 0)]


def test_a_shared_edge_has_both_opposite_vertices_whatever_the_winding():
    rest = [(0, 1, -1, 2), (0, 2, -1, 1), (1, 3, -1, 2), (2, 3, -1, 1)]
    expected = sorted([(1, 2, 0, 3), *rest])
    assert described([[0, 1, 2], [2, 1, 3]]) == expected
    assert described([[0, 1, 2], [1, 2, 3]]) == expected


def test_every_face_of_a_fin_has_an_edge_of_its_own():
    edges = described([[0, 1, 2], [1, 0, 3], [0, 1, 4]])
    assert [e for e in edges if e[:2] == (0, 1)] == [
        (0, 1, -1, 2),
        (0, 1, -1, 3),
        (0, 1, -1, 4),
    ]
    assert len(edges) == 3 + 2 * 3


def test_a_face_that_is_there_twice_lies_at_both_sides_of_its_edges():
    assert described([[0, 1, 2], [1, 2, 0]]) == [
        (0, 1, 2, 2),
        (0, 2, 1, 1),
        (1, 2, 0, 0),
    ]


@pytest.mark.parametrize("level", [0, 2])
def test_a_closed_mesh_has_one_and_a_half_edges_for_each_face(level):
    points, faces = icosphere(level)
    edges = Topology.from_faces(faces).edges
    assert len(edges) == 3 * len(faces) // 2
    assert (edges >= 0).all()
    triangles = collections.Counter(map(tuple, np.sort(faces, axis=1).tolist()))
    of_edges = np.concatenate([edges[:, :3], edges[:, [0, 1, 3]]])
    found = collections.Counter(map(tuple, np.sort(of_edges, axis=1).tolist()))
    assert found == dict.fromkeys(triangles, 3)
    # Euler: vertices - edges + faces.
    assert len(points) - len(edges) + len(faces) == 2


@pytest.mark.parametrize(
    ("faces", "message"),
    [
        (np.zeros((0, 3), int), "faces: expected at least one face, got none"),
        (
            np.zeros((2, 4), int),
            r"faces: expected integers \[F, 3\], got int\d+ \(2, 4\)",
        ),
        (np.zeros((2, 3)), r"faces: expected integers \[F, 3\], got float64 \(2, 3\)"),
        (np.array([[0, 1, -1]]), r"faces: expected rows in \[0, 2\), got -1 to 1"),
    ],
)
def test_what_is_no_list_of_triangles_is_refused(faces, message):
    with pytest.raises(ValueError, match=message):
        Topology.from_faces(faces)

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from face_jax.geometry.landmarks import landmarks_7
from face_jax.heads.procedural import procedural_head
from face_jax.metrics.scans import LANDMARKS, face_ball, scan_to_mesh_errors
from tests.geometry.reference import distances_to_mesh

pytestmark = pytest.mark.slow

TURN = Rotation.from_rotvec([0.3, -0.4, 0.2]).as_matrix()


SIDE, COUNT = 17, 400
"""Vertices of the mesh along a side, and of the scan."""


@pytest.fixture(scope="module")
def face():
    """Vertices, faces and landmarks of a bent, bumpy sheet, in millimetres.

    A few triangles have no area.
    """
    x, y = np.meshgrid(np.linspace(-90, 90, SIDE), np.linspace(-110, 90, SIDE))
    nose = 30 * np.exp(-((x / 15) ** 2) - ((y + 20) / 30) ** 2)
    bumps = 4 * np.sin(x / 17 + 1) * np.cos(y / 23)
    vertices = np.stack([x, y, nose + bumps - x**2 / 150 - y**2 / 250], -1)
    corner = (np.arange(SIDE - 1)[:, None] * SIDE + np.arange(SIDE - 1)).ravel()
    faces = [
        [corner, corner + 1, corner + SIDE + 1],
        [corner, corner + SIDE + 1, corner + SIDE],
    ]
    faces = np.moveaxis(np.array(faces), 1, -1).reshape(-1, 3)
    # Lines and a point are triangles of many scans and meshes.
    faces = np.concatenate([faces, [[0, 0, 0], [1, 1, 2], [5, 6, 5]]])
    places = [(-45, 30), (-15, 30), (15, 30), (45, 30), (0, -35), (-25, -65), (25, -65)]
    flat = vertices.reshape(-1, 3)
    rows = [np.linalg.norm(flat[:, :2] - place, axis=-1).argmin() for place in places]
    return flat, faces, flat[rows]


def surface(face, count=COUNT, seed=0):
    """Points of the surface, within its faces, on its edges and vertices."""
    vertices, faces, _ = face
    rng = np.random.default_rng(seed)
    corners = vertices[faces[rng.choice(len(faces), count)]]
    weights = rng.dirichlet(np.ones(3), count)
    weights[:10], weights[10:20] = [0.5, 0.5, 0], [0, 0, 1]
    return np.einsum("ni,nic->nc", weights, corners)


def moved(points, scale=1.0):
    return scale * points @ TURN.T + [50, -30, 20]


def noise(shape, size, seed=1):
    return np.random.default_rng(seed).normal(0, size, shape)


@pytest.mark.parametrize(("metrical", "scale"), [(False, 1e-3), (True, 1.0)])
def test_a_moved_mesh_fits_whatever_its_landmarks(face, metrical, scale):
    vertices, faces, landmarks = face
    marked = landmarks + noise(landmarks.shape, 2.0)
    given = moved(vertices, scale), faces, moved(landmarks, scale)
    found = scan_to_mesh_errors(*given, surface(face), marked, metrical=metrical)
    assert found.inside.sum() == len(found.distances) > 200
    assert found.distances.max() < 5e-3
    assert found.scale == pytest.approx(1 / scale, rel=1e-5)
    back = found.scale * given[0] @ found.rotation.T + found.translation
    np.testing.assert_allclose(back, vertices, atol=0.01)


def test_only_the_metrical_variant_sees_the_size(face):
    vertices, faces, landmarks = face
    large = 1.05 * vertices, faces, 1.05 * landmarks
    scan = surface(face)
    assert scan_to_mesh_errors(*large, scan, landmarks).mean < 1e-3
    metrical = scan_to_mesh_errors(*large, scan, landmarks, metrical=True)
    assert metrical.scale == 1 and metrical.mean > 0.2


@pytest.mark.parametrize("metrical", [False, True])
def test_the_fit_is_that_of_scipy_and_so_are_its_distances(face, metrical):
    vertices, faces, landmarks = face
    scan = surface(face) + noise((COUNT, 3), 1.5)
    placed, marked = 1.02 * moved(vertices), 1.02 * moved(landmarks)
    found = scan_to_mesh_errors(
        placed, faces, marked, scan, landmarks, metrical=metrical
    )
    cropped = scan[found.inside]

    def distances(change):
        """The scan is moved to the mesh, from where the mesh was found."""
        turn = Rotation.from_rotvec(change[:3]).as_matrix() @ found.rotation
        scale = found.scale * (1.0 if metrical else np.exp(change[6]))
        back = (cropped - found.translation - 10 * change[3:6]) @ turn / scale
        return scale * distances_to_mesh(back, placed, faces)

    there = distances(np.zeros(7))
    np.testing.assert_allclose(found.distances, there, atol=1e-4)
    np.testing.assert_allclose(found.median, np.median(there), atol=1e-4)
    np.testing.assert_allclose(found.mean, np.mean(there), atol=1e-4)
    np.testing.assert_allclose(found.std, np.std(there), atol=1e-4)
    # From where it was found: other places have minima of their own, a little deeper.
    best = least_squares(distances, np.zeros(7), xtol=1e-6, max_nfev=5)
    assert np.sum(there**2) < 1.0005 * np.sum(best.fun**2)


@pytest.mark.slow
def test_the_built_in_head_fits_its_own_surface():
    head = procedural_head()
    vertices = 1000 * np.asarray(head.template, np.float64)
    landmarks = np.asarray(landmarks_7(head, vertices), np.float64)
    kept = np.asarray(head.regions["face"])[np.asarray(head.faces)].all(axis=1)
    scan = surface((vertices, np.asarray(head.faces)[kept], None), 4000)
    marked = landmarks + noise(landmarks.shape, 3.0)
    given = moved(vertices, 1e-3), head.faces, moved(landmarks, 1e-3)
    found = scan_to_mesh_errors(*given, scan, marked)
    assert found.distances.max() < 5e-3 and found.inside.sum() > 3000


def test_the_ball_around_the_face():
    points = np.zeros((len(LANDMARKS), 3))
    points[[0, 1, 2, 3], 0] = -45, -15, 15, 45
    points[[5, 6]] = [[-20, -70, 5], [20, -70, 5]]
    points[4] = [0, -40, 30]
    centre, radius = face_ball(points)
    np.testing.assert_allclose(centre, [0, -28, 21])
    assert radius == pytest.approx(0.7 * (90 + 50))


def test_input_that_does_not_fit_is_named(face):
    vertices, faces, landmarks = face
    scan = surface(face)

    def refused(message, **changes):
        given = {
            "vertices": vertices,
            "faces": faces,
            "landmarks": landmarks,
            "scan": scan,
            "scan_landmarks": landmarks,
        }
        with pytest.raises(ValueError, match=message):
            scan_to_mesh_errors(**given | changes)

    refused("scan: expected vertices within .* got none of 400", scan=scan + 1000)
    refused(r"scan: expected \[N, 3\], got \(400, 2\)", scan=scan[:, :2])
    refused("scan: expected finite points", scan=scan * np.nan)
    refused("scan: expected finite points", scan=scan[:0])
    refused(r"landmarks: expected \[7, 3\]", landmarks=landmarks[:5])
    line = np.linspace(0, 1, 7)[:, None] * [1.0, 2, 3]
    refused("landmarks: .* on one line", landmarks=line)
    refused("scan_landmarks: .* on one line", scan_landmarks=0 * line)
    refused("faces: expected rows in", faces=faces + len(vertices))
    refused("faces: expected at least one", faces=faces[:0])

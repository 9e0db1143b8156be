import jax
import jax.numpy as jnp
import numpy as np

from face_jax.geometry.head import HeadParameters, pose_head
from face_jax.geometry.landmarks import landmarks_68, landmarks_mediapipe_105
from face_jax.heads.flame import flame_from_arrays
from face_jax.smirk.projection import project_face
from tests.heads import flame_files

CAMERA = np.array([[7.0, 0.01, -0.02], [6.0, -0.03, 0.04]], np.float32)


def parameters():
    rng = np.random.default_rng(0)

    def normal(entries):
        return jnp.asarray(0.2 * rng.normal(size=(2, entries)), jnp.float32)

    return HeadParameters(
        shape_params=normal(4), expression_params=normal(5), pose_params=normal(3)
    )


def seen(points):
    """s (x + tx), -s (y + ty), -s z, item by item."""
    found = np.empty(points.shape)
    for item, (scale, x, y) in enumerate(CAMERA.astype(np.float64)):
        moved = np.asarray(points[item], np.float64) + np.array([x, y, 0])
        found[item] = scale * moved * [1, -1, -1]
    return found


@jax.jit
def projected_and_not(head, parameters):
    face = project_face(head, parameters, CAMERA)
    vertices = pose_head(head, parameters).vertices
    contoured = landmarks_68(head, vertices, parameters)
    return face, vertices, contoured, landmarks_mediapipe_105(head, vertices)


def test_vertices_and_landmarks_are_projected_alike():
    head = flame_from_arrays(flame_files.arrays())
    face, vertices, contoured, inner = projected_and_not(head, parameters())
    np.testing.assert_allclose(face.vertices, vertices, atol=1e-6)
    np.testing.assert_allclose(face.projected, seen(vertices), atol=1e-5)
    np.testing.assert_allclose(face.landmarks_68, seen(contoured)[..., :2], atol=1e-5)
    np.testing.assert_allclose(face.landmarks_105, seen(inner)[..., :2], atol=1e-5)

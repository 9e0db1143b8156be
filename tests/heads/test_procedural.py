"""The procedural head at rest: its mesh, rig and texture coordinates."""

import jax
import numpy as np
import pytest

from face_jax.heads.checks import check_head
from face_jax.heads.library import head as head_by_name
from face_jax.heads.procedural import build, procedural_head
from face_jax.heads.procedural.assembly import assemble

SIDES = np.array([-1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def head():
    return procedural_head()


@pytest.fixture(scope="module")
def template(head):
    return np.asarray(head.template, np.float64)


def normals(vertices, faces):
    """Vectors [F, 3] along the normals of faces, twice their areas long."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return np.cross(b - a, c - a)


def faces_of(head, region):
    return np.asarray(head.faces)[
        np.asarray(head.regions[region])[head.faces].all(axis=1)
    ]


def test_its_parts_fit_together(head):
    check_head(head, "procedural")
    assert 5_000 <= len(head.faces) <= 10_000
    assert len(head.identity_names) == len(set(head.identity_names)) >= 40
    assert set(head.landmarks) == {
        "static_51",
        "full_68",
        "contour_79",
        "mediapipe_105",
    }


def test_it_has_the_size_of_a_head(template):
    width, height, depth = np.ptp(template, axis=0)
    assert 0.15 < width < 0.2
    assert 0.28 < height < 0.32  # with the neck
    assert 0.19 < depth < 0.24


def test_it_is_found_by_its_name_and_built_once():
    assert head_by_name("procedural") is procedural_head()


def test_building_twice_gives_the_same_numbers(head):
    assemble.cache_clear()
    again = build._build(assemble())
    for name in ("template", "identity_basis", "expression_basis", "skinning_weights"):
        np.testing.assert_array_equal(getattr(head, name), getattr(again, name))


def test_it_may_be_built_inside_a_traced_function(head):
    procedural_head.cache_clear()
    total = jax.jit(lambda scale: scale * procedural_head().template.sum())(2.0)
    assert float(total) == pytest.approx(2 * float(head.template.sum()), rel=1e-5)
    assert not isinstance(procedural_head().template, jax.core.Tracer)


def test_every_vertex_has_its_mirror_image(template):
    mirror = assemble().mirror
    np.testing.assert_array_equal(mirror[mirror], np.arange(len(template)))
    np.testing.assert_allclose(template[mirror] * SIDES, template, atol=1e-8)


def test_mirrored_faces_are_faces(head):
    mirror = assemble().mirror
    faces = np.asarray(head.faces)
    mirrored = mirror[faces[:, ::-1]]
    first = np.argmin(mirrored, axis=1)[:, None]
    turned = np.take_along_axis(mirrored, (first + np.arange(3)) % 3, axis=1)
    own = np.argmin(faces, axis=1)[:, None]
    known = np.take_along_axis(faces, (own + np.arange(3)) % 3, axis=1)
    assert set(map(tuple, turned.tolist())) == set(map(tuple, known.tolist()))


def test_every_vertex_is_used_and_no_face_is_flat(head, template):
    faces = np.asarray(head.faces)
    np.testing.assert_array_equal(np.unique(faces), np.arange(len(template)))
    assert np.linalg.norm(normals(template, faces), axis=1).min() > 1e-10


@pytest.mark.parametrize("side", ["left", "right"])
def test_eyeballs_are_closed_spheres_seen_from_outside(head, template, side):
    faces = faces_of(head, f"{side}_eyeball")
    centre = template[np.unique(faces)].mean(axis=0)
    assert (centre[0] > 0) == (side == "left")
    corners = template[faces] - centre
    volume = np.linalg.det(corners).sum() / 6
    assert volume == pytest.approx(4 / 3 * np.pi * 0.012**3, rel=0.12)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    assert {(b, a) for a, b in edges.tolist()} == set(map(tuple, edges.tolist()))


@pytest.mark.parametrize(
    ("region", "axis", "sign"),
    [
        ("forehead", 2, 1),
        ("nose", 2, 1),
        ("lips", 2, 1),
        ("left_ear", 0, 1),
        ("right_ear", 0, -1),
        ("brows", 2, 1),
        ("upper_teeth", 2, 1),
        ("lower_teeth", 2, 1),
        ("tongue", 1, 1),
    ],
)
def test_faces_look_outwards(head, template, region, axis, sign):
    total = normals(template, faces_of(head, region)).sum(axis=0)
    assert sign * total[axis] > 0.2 * np.linalg.norm(total)


def test_the_scalp_looks_away_from_the_middle_of_the_head(head, template):
    faces = faces_of(head, "scalp")
    outwards = template[faces].mean(axis=1) - [0.0, 0.02, -0.06]
    assert ((normals(template, faces) * outwards).sum(axis=1) > 0).mean() > 0.99


def test_neighbouring_faces_of_the_skin_agree_on_what_is_outside(head):
    skin = np.asarray(head.faces)[assemble().face_ranges["skin"]]
    edges = np.concatenate([skin[:, [0, 1]], skin[:, [1, 2]], skin[:, [2, 0]]])
    assert len(np.unique(edges, axis=0)) == len(edges)


def test_regions_hold_something_and_sides_are_apart(head, template):
    for name, mask in head.regions.items():
        assert np.asarray(mask).any(), name
    for name in ("eyeball", "eye_region", "ear"):
        assert (template[np.asarray(head.regions[f"left_{name}"]), 0] > 0).all()
        assert (template[np.asarray(head.regions[f"right_{name}"]), 0] < 0).all()
    for mask in (head.regions["neck"], head.regions["scalp"], head.regions["left_ear"]):
        assert not (np.asarray(mask) & np.asarray(head.regions["face"])).any()


def test_the_boundary_is_the_only_end_of_the_skin_besides_eyes_and_mouth(head):
    skin = np.asarray(head.faces)[assemble().face_ranges["skin"]]
    edges = np.concatenate([skin[:, [0, 1]], skin[:, [1, 2]], skin[:, [2, 0]]])
    known = set(map(tuple, edges.tolist()))
    ends = {a for a, b in known if (b, a) not in known}
    boundary = set(np.flatnonzero(np.asarray(head.regions["boundary"])).tolist())
    assert boundary <= ends
    # Twice ten columns around either eye, twice seventeen around the mouth.
    assert len(ends - boundary) == 2 * 20 + 34


def test_materials_name_what_is_there(head, template):
    names = np.array(head.material_names)[np.asarray(head.face_materials)]
    centres = template[np.asarray(head.faces)].mean(axis=1)
    assert {"skin", "lips", "scalp", "sclera", "iris", "pupil", "teeth"} <= set(names)
    pupils = centres[names == "pupil"]
    np.testing.assert_allclose(np.abs(pupils[:, 0]).mean(), 0.0315, atol=1e-3)
    assert centres[names == "iris"][:, 2].min() > centres[names == "sclera"][:, 2].min()


def test_texture_coordinates_lie_in_the_picture_and_the_skin_does_not_fold(head):
    uvs, faces = np.asarray(head.uvs, np.float64), np.asarray(head.faces_uv)
    assert uvs.min() >= 0.0
    assert uvs.max() <= 1.0
    a, b, c = (uvs[faces[assemble().face_ranges["skin"]][:, k]] for k in range(3))
    area = np.linalg.det(np.stack([b - a, c - a], axis=1))
    assert (area > 0).all()
    assert area.sum() / 2 > 0.8


def test_the_face_is_in_the_middle_of_the_texture(head):
    faces = np.asarray(head.regions["face"])[head.faces].all(axis=1)
    faces &= np.arange(len(faces)) < assemble().face_ranges["skin"].stop
    corners = np.asarray(head.uvs)[np.asarray(head.faces_uv)[faces]].reshape(-1, 2)
    assert corners[:, 0].mean() == pytest.approx(0.5, abs=0.01)
    assert np.ptp(corners[:, 0]) > 0.4


def test_skinning_weights_are_shares(head):
    weights = np.asarray(head.skinning_weights, np.float64)
    assert weights.min() >= 0.0
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-6)
    for part, joint in (("lower_teeth", 2), ("left_eyeball", 3), ("right_eyeball", 4)):
        assert (weights[np.asarray(head.regions[part]), joint] == 1.0).all()
    assert (weights[np.asarray(head.regions["upper_teeth"]), 2] == 0.0).all()
    assert (weights[np.asarray(head.regions["boundary"]), 0] == 1.0).all()


def test_joints_lie_in_the_neck_before_the_ears_and_in_the_eyes(head, template):
    regressor = np.asarray(head.joint_regressor, np.float64)
    np.testing.assert_allclose(regressor.sum(axis=1), 1.0, atol=1e-6)
    root, neck, jaw, left, right = regressor @ template
    assert root[1] < neck[1] < jaw[1] < left[1]
    ears = template[np.asarray(head.regions["left_ear"])]
    assert ears[:, 2].max() > jaw[2] > ears[:, 2].min()
    np.testing.assert_allclose(left * SIDES, right, atol=1e-7)
    ball = template[np.asarray(head.regions["left_eyeball"])]
    distance = np.linalg.norm(ball - left, axis=1)
    np.testing.assert_allclose(distance, 0.012, atol=0.5e-3)

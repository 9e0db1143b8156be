import numpy as np
import pytest

from face_jax.smirk.networks import build_networks
from face_jax.smirk.region_weights import PUBLISHED
from tests.heads import flame_files
from tests.smirk.small_task import write_head


def test_of_a_head_without_names_the_published_coefficients_are_taken(tmp_path):
    networks = build_networks(head=write_head(tmp_path))
    assert networks.encoders.shape_encoder.num_shape == 300
    assert networks.num_expression == 50
    assert networks.use_jaw and networks.use_eyelids
    assert networks.image_size == 224


def test_of_a_head_with_names_all_are_taken(tmp_path):
    names = tuple(f"action{n}" for n in range(100))
    networks = build_networks(head=write_head(tmp_path, expression_names=names))
    assert networks.num_expression == 100
    assert networks.encoders.shape_encoder.num_shape == 300


def test_jaw_and_eyelids_are_the_heads(tmp_path):
    head = write_head(tmp_path, eyelid_basis=None)
    networks = build_networks(head=head, use_jaw=False)
    assert not networks.use_jaw and not networks.use_eyelids


def test_the_face_is_drawn_and_lends_pixels(tmp_path):
    assets = build_networks(head=write_head(tmp_path)).assets
    kept = flame_files.arrays()["mask_face"]
    np.testing.assert_array_equal(assets.face.vertices, np.sort(kept))
    faces = np.asarray(assets.head.faces)
    inside = np.isin(faces, kept).all(axis=1)
    np.testing.assert_array_equal(assets.region_weights, inside.astype(np.float32))


def test_published_masks_of_triangles_win(tmp_path):
    head = write_head(tmp_path)
    masks = {name: np.arange(0) for name, _ in PUBLISHED} | {"lips": np.array([1, 3])}
    np.save(tmp_path / "masks.npy", np.array(masks, object))
    networks = build_networks(head=head, triangle_masks=str(tmp_path / "masks.npy"))
    found = networks.assets.region_weights
    assert list(np.flatnonzero(found)) == [1, 3] and found[1] == 0.5


def test_settings_that_no_network_has_are_refused(tmp_path):
    head = write_head(tmp_path)
    with pytest.raises(ValueError, match=r"networks: .*unexpected .*'depth'"):
        build_networks(head=head, generator={"depth": 3})
    with pytest.raises(
        ValueError, match=r"networks\.num_expression: expected 1 to 100"
    ):
        build_networks(head=head, num_expression=101)
    with pytest.raises(FileNotFoundError, match="no such head"):
        build_networks(head=str(tmp_path / "none.npz"))

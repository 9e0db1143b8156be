import json

import jax.numpy as jnp
import numpy as np
import pytest

from face_jax.latent_ofer import reconstruction_comparison
from face_jax.latent_ofer.occluded_faces import OccludedFaces
from face_jax.latent_ofer.reconstruction_comparison import (
    TITLES,
    Closeness,
    compare_reconstructions,
    mean_face,
    reconstruction_table,
    summarized,
)
from face_jax.latent_ofer.refinement import Reconstructed, enlarged_mask
from tests.latent_ofer.small_tasks import PATCH, SIDE, random_batch, refinement_task

ROWS = {
    "block": np.array([1, 0, 0, 0], bool),
    "uncovered": np.array([0, 1, 0, 1], bool),
    "hand": np.array([0, 0, 1, 0], bool),
}


@pytest.fixture(scope="module")
def faces():
    batch = random_batch()
    names = ("image", "clean_image", "occluder_mask", "occluder")
    return OccludedFaces(*(batch[name][:4] for name in names))


def grey_and_right(refinement, variables, images, mask):
    """Grey in place of the transformer's paint, a given picture in that of the CNN's."""
    hole = enlarged_mask(mask, SIDE)[..., None]
    grey = jnp.where(hole, 0.5, images)
    tokens = jnp.zeros((len(images), 1, 1))
    return Reconstructed(grey, jnp.where(hole, variables["truth"], images), tokens)


@pytest.fixture(scope="module")
def reports(faces):
    truth = faces.clean_images[0] / np.float32(255)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reconstruction_comparison, "reconstruct", grey_and_right)
        return compare_reconstructions(
            refinement_task().refinement,
            {"truth": truth},
            mean_face(faces.clean_images),
            faces,
            ROWS,
            0.5,
        )


def in_hole(faces, row, picture):
    """PSNR in dB of a picture in [0, 1] over the covered patches."""
    covered = faces.covered(PATCH, 0.5)[row].reshape(SIDE // PATCH, -1)
    hole = covered.repeat(PATCH, 0).repeat(PATCH, 1)
    left = picture - faces.clean_images[row] / 255.0
    return -10 * np.log10(np.square(left[hole]).mean())


def test_what_needs_no_network_is_as_numpy_has_it(faces, reports):
    occluded, mean = reports[0].rows, reports[1].rows
    expected = in_hole(faces, 2, faces.images[2] / 255.0)
    np.testing.assert_allclose(occluded["hand"].psnr, expected, rtol=1e-4)
    expected = in_hole(faces, 0, faces.clean_images.mean(axis=0) / 255.0)
    np.testing.assert_allclose(mean["block"].psnr, expected, rtol=1e-4)


def test_both_reconstructions_are_measured(faces, reports):
    coarse, refined = reports[2].rows, reports[3].rows
    expected = in_hole(faces, 2, np.full((SIDE, SIDE, 3), 0.5))
    np.testing.assert_allclose(coarse["hand"].psnr, expected, rtol=1e-4)
    # The picture of the first row is right there alone.
    assert refined["block"].psnr > 99 and refined["hand"].psnr < 20


def test_only_pictures_with_a_hole_count(reports):
    assert [report.title for report in reports] == list(TITLES.values())
    for report in reports:
        assert list(report.rows) == ["block", "hand", "all"]
        assert [row.pictures for row in report.rows.values()] == [1, 1, 2]
        both = np.mean([report.rows[name].psnr for name in ("block", "hand")])
        np.testing.assert_allclose(report.rows["all"].psnr, both)
        assert report.rows["all"].ssim < 1


def test_undefined_similarities_are_left_out_of_means():
    found = {
        "psnr": np.array([10.0, 20, 30, np.nan]),
        "ssim": np.array([0.5, *[np.nan] * 3]),
    }
    rows = summarized(found, ROWS)
    assert rows["all"] == Closeness(3, 20.0, 0.5)
    assert rows["uncovered"] == pytest.approx((1, 20.0, np.nan), nan_ok=True)
    with pytest.raises(ValueError, match="none is covered"):
        summarized({"psnr": np.full(4, np.nan), "ssim": np.zeros(4)}, ROWS)


def test_tables_and_numbers(reports):
    table = reconstruction_table(reports, "ssim")
    assert table.header == ("", "pictures", *TITLES.values())
    assert [row[:2] for row in table.rows] == [["block", 1], ["hand", 1], ["all", 2]]
    numbers = json.loads(json.dumps(reports[3].as_dict(), allow_nan=False))
    assert numbers["title"] == "transformer + CNN"
    assert numbers["rows"]["all"]["ssim"] == table.rows[2][-1]

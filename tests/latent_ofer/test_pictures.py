import numpy as np

from face_jax.latent_ofer.pictures import labelled_sheet, pictures_of, sheet_of


def rows(count, side, value=10):
    return np.full((count, side, side, 3), value, np.uint8)


def test_pictures_are_in_the_unit_range():
    found = pictures_of({"image": np.array([[[[0, 51, 255]]]], np.uint8)}, "image")
    np.testing.assert_allclose(found.ravel(), [0, 0.2, 1], rtol=1e-6)


def test_a_sheet_has_a_column_for_each_kind_and_few_rows():
    small = sheet_of({"given": rows(9, 64), "made": rows(9, 64, 20)}, rows=3)
    assert small.shape[1] == 2 * 128 + 3 * 4
    assert 3 * 128 < small.shape[0] < 3 * 128 + 60
    large = sheet_of({"given": rows(1, 200)})
    assert large.shape[1] == 200 + 2 * 4
    assert (small[60, 60] == 10).all() and (small[60, 200] == 20).all()


def test_what_was_found_is_below_each_picture():
    chances = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8]])
    labels = np.array([0, 1, 1])
    sheet = labelled_sheet(rows(3, 128), chances, labels, ("fear", "joy"), columns=2)
    tile = 128 + 18
    assert sheet.shape == (2 * tile + 3 * 4, 2 * 128 + 3 * 4, 3)
    right, wrong = (sheet[4 + 128 : 4 + tile, x : x + 128] for x in (4, 136))
    # The true class is written behind what is wrong.
    assert np.argwhere(wrong.min(-1) < 128)[:, 1].max() > 20 + (
        np.argwhere(right.min(-1) < 128)[:, 1].max()
    )

import numpy as np

from face_jax import markings


def flat(color=100, height=24, width=32):
    return np.full((height, width, 3), color, np.uint8)


def test_pixels_of_patches():
    mask = np.array([[True, False], [False, True]])
    pixels = markings.patch_pixels(mask, np.array([4.0, 2.0, 12.0, 10.0]), 24, 32)
    expected = np.zeros((24, 32), bool)
    expected[2:6, 4:8] = expected[6:10, 8:12] = True
    np.testing.assert_array_equal(pixels, expected)


def test_patches_reach_outside_and_pixels_belong_to_one_by_their_centres():
    everywhere = np.ones((3, 3), bool)
    pixels = markings.patch_pixels(everywhere, np.array([-5.0, -5.0, 4.6, 4.4]), 24, 32)
    assert pixels.sum() == 5 * 4 and pixels[:4, :5].all()
    outside = markings.patch_pixels(
        everywhere, np.array([40.0, 0.0, 50.0, 9.0]), 24, 32
    )
    assert not outside.any()


def test_tint_colours_the_given_pixels_alone():
    image, pixels = flat(), np.zeros((24, 32), bool)
    pixels[3:5, 6:9] = True
    found = markings.tint(image, pixels, (200, 0, 100), opacity=0.5)
    assert found.dtype == np.uint8 and (image == 100).all()
    assert (found[pixels] == [150, 50, 100]).all() and (found[~pixels] == 100).all()
    np.testing.assert_array_equal(markings.tint(image, pixels, opacity=0), image)


def test_a_box_is_a_thin_outline_of_its_outermost_pixels():
    found = markings.draw_box(flat(0), np.array([4.0, 2.0, 12.0, 10.0]), (9, 8, 7))
    drawn = (found == (9, 8, 7)).all(axis=-1)
    expected = np.zeros((24, 32), bool)
    expected[2:10, 4:12] = True
    expected[3:9, 5:11] = False
    np.testing.assert_array_equal(drawn, expected)


def test_labels_stand_on_their_corner_and_stay_in_the_picture():
    image = flat(0, 200, 300)
    low = markings.draw_label(image, "sadness 71%", (40, 150)).any(axis=-1)
    rows, columns = np.flatnonzero(low.any(axis=1)), np.flatnonzero(low.any(axis=0))
    assert rows[-1] == 149 and columns[0] == 40
    for corner in ((290, 400), (-80, -9)):
        moved = markings.draw_label(image, "sadness 71%", corner).any(axis=-1)
        assert moved.sum() == low.sum()
    large = markings.draw_label(flat(0, 1200, 1600), "sadness 71%", (40, 900))
    assert large.any(axis=-1).sum() > 4 * low.sum()
    assert not image.any()

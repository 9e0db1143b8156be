"""Pictures chosen by what hides the face."""

import numpy as np
import pytest

from data_pipelines.sources.selection import select_rows

NAMES = ("none", "hand", "mask")
OCCLUDERS = np.array([0, 1, 2, 0, 2])
LABELS = np.array([3, -1, -1, 0, 6])


@pytest.mark.parametrize(
    ("kinds", "labels", "expected"),
    [
        (None, None, [0, 1, 2, 3, 4]),
        (("mask", "none"), None, [0, 2, 3, 4]),
        (None, LABELS, [0, 3, 4]),
        (["mask"], LABELS, [4]),
    ],
)
def test_what_is_left(kinds, labels, expected):
    assert select_rows("x", OCCLUDERS, NAMES, kinds, labels).tolist() == expected


@pytest.mark.parametrize(
    ("kinds", "labels", "message"),
    [
        (["cap", "hand"], None, "kinds: unknown cap; known are none, hand, mask"),
        ([], None, r"data: none of 5 pictures has one of the kinds \[\]"),
        (
            ["hand"],
            LABELS,
            r"data: none of 5 pictures has one .*\['hand'\] and a label",
        ),
    ],
)
def test_what_cannot_be_chosen(kinds, labels, message):
    with pytest.raises(ValueError, match=message):
        select_rows("data", OCCLUDERS, NAMES, kinds, labels)

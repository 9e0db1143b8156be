"""Regions of the mesh, read off the rows and columns of the chart."""

import numpy as np

from face_jax.heads.procedural import chart, skin
from face_jax.heads.procedural.assembly import Assembly

_EAR_COLUMN = 18
"""Column at which the face ends on either side."""
_CLOSED_NECK = "neck_4"


def regions(head: Assembly) -> dict[str, np.ndarray]:
    """Bool masks [V] by name."""
    masks = {name: _on_head(head, mask) for name, mask in _skin_regions().items()}
    parts = ("left_eyeball", "right_eyeball", "left_ear", "right_ear", "tongue")
    masks |= {part: head.mask(part) for part in parts}
    masks["teeth"] = head.mask("upper_teeth", "lower_teeth")
    masks["upper_teeth"] = head.mask("upper_teeth")
    masks["lower_teeth"] = head.mask("lower_teeth")
    masks["mouth_interior"] = head.mask("cavity", "tongue") | masks["teeth"]
    masks["brows"] = head.mask("left_brow", "right_brow")
    masks["lashes"] = head.mask("left_lashes", "right_lashes")
    masks["eye_region"] = masks["left_eye_region"] | masks["right_eye_region"]
    masks["face"] |= masks["left_eyeball"] | masks["right_eyeball"]
    masks["face"] |= masks["mouth_interior"]
    return masks


def _on_head(head: Assembly, skin_mask: np.ndarray) -> np.ndarray:
    return np.pad(skin_mask, (0, len(head.vertices) - len(skin_mask)))


def _skin_regions() -> dict[str, np.ndarray]:
    row, column = skin.chart_of_vertices()
    aside = np.abs(column)
    rows = chart.ROWS

    def band(first: str, last: str) -> np.ndarray:
        return (row >= rows[first]) & (row <= rows[last])

    eye = band("under_brow", "pouch") & (aside >= 3) & (aside <= 14)
    before_ears = aside <= _EAR_COLUMN
    nose = (band("fold", "nose_2") & (aside <= 3)) | (
        band("nose_3", "nose_base") & (aside <= 6)
    )
    return {
        "face": band("forehead_1", "jaw_line") & before_ears,
        "lips": band("upper_border", "lower_border") & (aside <= chart.MOUTH_CORNER),
        "left_eye_region": eye & (column > 0),
        "right_eye_region": eye & (column < 0),
        "nose": nose,
        "forehead": band("forehead_1", "brow") & (aside <= 15),
        "scalp": (row < rows["hairline"])
        | (band("hairline", "sulcus") & (aside >= 19)),
        "neck": row >= rows["throat_1"],
        "boundary": row == len(rows) - 1,
    }

"""What each expression pulls at, in millimetres at weight 1."""

from face_jax.heads.procedural.fields import Pull

# fmt: off
ONE_SIDED: dict[str, tuple[Pull, ...]] = {
    "browDown": (
        Pull("brow", 3, (-3.0, -8.0, 1.8), 12), Pull("brow", 8, (-2.0, -5.0, 0.8), 12),
        Pull("brow", 12, (-0.5, -2.0, 0.3), 9), Pull("under_brow", 6, (-1.0, -3.5, 0.5), 7),
    ),
    "browInnerUp": (
        Pull("brow", 2, (0.5, 8.5, -0.5), 12), Pull("brow", 6, (0.5, 4.5, -0.5), 12),
        Pull("forehead_3", 2, (0.0, 4.0, 0.0), 14), Pull("fold", 5, (0.0, 1.5, 0.0), 7),
    ),
    "browOuterUp": (
        Pull("brow", 8, (0.0, 5.0, -0.5), 12), Pull("brow", 12, (0.3, 7.5, -1.5), 13),
        Pull("forehead_3", 9, (0.0, 4.5, -1.0), 15), Pull("fold", 10, (0.0, 2.0, -0.5), 7),
    ),
    "cheekPuff": (
        Pull("upper_inner", 11, (8.0, 0.0, 8.0), 18), Pull("nose_base", 10, (4.0, 0.0, 5.5), 13),
        Pull("sulcus", 10, (3.0, 0.0, 3.5), 14), Pull("upper_lip", 5, (0.5, 0.0, 2.0), 9),
        Pull("lower_lip", 5, (0.5, 0.0, 2.0), 9),
    ),
    "cheekRaiser": (
        Pull("nose_1", 10, (0.5, 5.0, 2.0), 12), Pull("over_tip", 10, (0.5, 4.0, 2.5), 12),
        Pull("pouch", 8, (0.0, 2.5, 0.6), 7), Pull("pouch", 12, (-0.7, 2.0, 0.6), 7),
    ),
    "cheekSquint": (
        Pull("nose_1", 8, (0.3, 4.0, 2.0), 10), Pull("over_tip", 9, (0.8, 3.5, 2.5), 12),
        Pull("pouch", 8, (0.0, 2.2, 0.5), 7),
    ),
    "eyeBlink": (),
    "eyeSquint": (
        Pull("pouch", 8, (0.0, 1.5, 0.6), 7), Pull("nose_1", 11, (0.0, 1.5, 0.5), 10),
        Pull("fold", 8, (0.0, -1.2, 0.3), 8), Pull("brow", 8, (0.0, -1.5, 0.0), 10),
    ),
    "eyeWide": (Pull("under_brow", 8, (0.0, 1.5, 0.0), 8), Pull("brow", 8, (0.0, 1.5, 0.0), 12)),
    "eyeLookUp": (Pull("fold", 8, (0.0, 1.0, 0.0), 7),),
    "mouthDimple": (Pull("upper_inner", 8, (4.0, 0.8, -5.5), 9), Pull("upper_inner", 10, (2.5, 0.0, -2.5), 7)),
    "mouthFrown": (
        Pull("upper_inner", 8, (0.5, -8.5, -1.5), 9), Pull("upper_inner", 5, (0.2, -3.0, 0.0), 7),
        Pull("sulcus", 9, (0.5, -3.5, 0.5), 10), Pull("philtrum_1", 8, (0.3, -3.0, -0.5), 9),
    ),
    "mouthLowerDown": (
        Pull("lower_lip", 3, (0.8, -6.5, -0.8), 11, "lower"), Pull("sulcus", 4, (0.5, -4.0, 0.3), 9, "lower"),
    ),
    "mouthPress": (
        Pull("upper_lip", 4, (0.0, -1.3, -1.6), 8, "upper"), Pull("lower_lip", 4, (0.0, 2.0, -1.4), 8, "lower"),
        Pull("upper_inner", 8, (1.5, 0.5, -1.5), 7), Pull("sulcus", 4, (0.0, 1.0, 1.0), 8, "lower"),
    ),
    "mouthSmile": (
        Pull("upper_inner", 8, (8.0, 8.5, -7.0), 15), Pull("upper_lip", 5, (4.5, 3.3, -3.2), 8, "upper"),
        Pull("lower_lip", 5, (4.5, 2.5, -3.2), 8, "lower"), Pull("upper_lip", 2, (1.2, 1.0, -1.6), 6, "upper"),
        Pull("lower_lip", 2, (1.0, 0.3, -1.6), 6, "lower"), Pull("nose_base", 9, (4.5, 6.5, 4.0), 11),
        Pull("over_tip", 9, (2.0, 4.5, 4.5), 12), Pull("nose_1", 10, (0.5, 2.0, 1.5), 9),
        Pull("nose_base", 5, (1.5, 0.8, -0.8), 6), Pull("sulcus", 10, (3.0, 2.5, -1.0), 13),
    ),
    "mouthStretch": (
        Pull("upper_inner", 8, (8.0, -3.0, -6.5), 14), Pull("lower_lip", 5, (4.5, -3.0, -2.5), 8, "lower"),
        Pull("upper_lip", 5, (4.0, -1.2, -2.5), 8, "upper"), Pull("chin_1", 9, (3.0, -3.0, -1.5), 13),
        Pull("throat_1", 8, (1.5, -1.0, 1.0), 14),
    ),
    "mouthUpperUp": (
        Pull("upper_lip", 3, (0.8, 6.0, 0.2), 11, "upper"), Pull("nose_base", 6, (1.0, 4.0, 1.5), 8, "upper"),
        Pull("tip", 8, (0.8, 3.5, 3.0), 9),
    ),
    "noseSneer": (
        Pull("under_tip", 5, (1.2, 4.5, -0.5), 7), Pull("over_tip", 5, (0.0, 4.0, 1.5), 7),
        Pull("nose_1", 3, (-0.3, 3.0, 2.0), 6), Pull("upper_lip", 3, (0.3, 3.0, 0.0), 10, "upper"),
        Pull("nose_base", 7, (0.5, 4.0, 2.5), 8, "upper"), Pull("nose_1", 6, (-0.5, 2.8, 1.6), 7),
        Pull("brow", 2, (-1.0, -2.5, 0.5), 8), Pull("pouch", 6, (0.0, 1.5, 0.4), 6),
    ),
}
"""Pulls of the left side."""

SYMMETRIC: dict[str, tuple[Pull, ...]] = {
    "jawOpen": (
        Pull("upper_inner", 8, (-8.0, -4.0, -0.5), 9), Pull("upper_inner", 12, (-3.0, 0.0, 0.0), 16),
        Pull("upper_lip", 0, (0.0, 2.2, 0.0), 9, "upper"),
    ),
    "mouthFunnel": (
        Pull("upper_lip", 0, (0.0, 2.2, 6.5), 8, "upper"), Pull("upper_lip", 4, (-2.5, 2.2, 6.5), 8, "upper"),
        Pull("lower_lip", 0, (0.0, -3.2, 6.5), 8, "lower"), Pull("lower_lip", 4, (-2.5, -3.2, 6.0), 8, "lower"),
        Pull("upper_inner", 8, (-6.5, -0.3, 4.0), 9), Pull("upper_inner", 11, (-3.0, 0.0, 1.0), 10),
    ),
    "mouthPucker": (
        Pull("upper_lip", 0, (0.0, 0.3, 7.0), 8, "upper"), Pull("upper_lip", 4, (-4.0, -0.2, 7.0), 8, "upper"),
        Pull("lower_lip", 0, (0.0, -0.3, 6.5), 8, "lower"), Pull("lower_lip", 4, (-4.0, 0.2, 6.5), 8, "lower"),
        Pull("upper_inner", 8, (-10.0, 0.0, 4.5), 9), Pull("upper_inner", 11, (-5.0, 0.0, 1.0), 11),
        Pull("philtrum_1", 0, (0.0, 0.0, 2.0), 9, "upper"),
    ),
    "mouthRollLower": (
        Pull("lower_lip", 0, (0.0, 3.0, -4.5), 7, "lower"), Pull("lower_lip", 3, (0.0, 3.0, -4.3), 7, "lower"),
        Pull("lower_lip", 6, (0.0, 1.8, -2.5), 6, "lower"), Pull("sulcus", 0, (0.0, 1.5, 1.0), 9, "lower"),
    ),
    "mouthRollUpper": (
        Pull("upper_lip", 0, (0.0, -2.6, -4.5), 7, "upper"), Pull("upper_lip", 3, (0.0, -2.6, -4.3), 7, "upper"),
        Pull("upper_lip", 6, (0.0, -1.5, -2.5), 6, "upper"), Pull("philtrum_1", 0, (0.0, -2.0, -0.5), 8, "upper"),
    ),
    "mouthShrugLower": (
        Pull("lower_lip", 0, (0.0, 4.0, 2.5), 8, "lower"), Pull("lower_lip", 4, (0.0, 3.5, 2.0), 8, "lower"),
        Pull("upper_lip", 0, (0.0, 2.5, 0.8), 7, "upper"), Pull("upper_lip", 4, (0.0, 2.0, 0.5), 7, "upper"),
        Pull("chin_2", 0, (0.0, 6.0, 1.5), 12, "lower"), Pull("chin_2", 4, (0.0, 5.5, 1.5), 11, "lower"),
        Pull("sulcus", 0, (0.0, 3.5, 2.5), 8, "lower"),
    ),
    "mouthShrugUpper": (
        Pull("upper_lip", 0, (0.0, 2.8, 2.2), 8, "upper"), Pull("upper_lip", 4, (0.0, 2.4, 1.8), 8, "upper"),
        Pull("philtrum_1", 3, (0.0, 1.2, 0.8), 8, "upper"),
    ),
}
"""Pulls of the left side and the middle, which both sides make alike."""

MOUTH_LEFT: tuple[Pull, ...] = (
    Pull("upper_inner", 8, (7.5, 1.5, -5.5), 12), Pull("upper_inner", -8, (7.5, 0.5, 4.0), 12),
    Pull("upper_inner", 0, (9.0, 0.0, -0.5), 12), Pull("philtrum_1", 0, (4.0, 0.0, 0.0), 9),
    Pull("sulcus", 0, (5.5, 0.0, 0.0), 11), Pull("nose_base", 9, (3.0, 1.5, 2.0), 11),
)
"""Pulls of mouthLeft; mouthRight is its mirror image."""
# fmt: on

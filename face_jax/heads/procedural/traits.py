"""Traits that differ between people, each at one standard deviation."""

from face_jax.heads.procedural.warps import (
    Above,
    OneSided,
    Push,
    Sideways,
    Stretch,
    Term,
    Tilt,
)

_EYE = (31.5, 0.0, -15.0)
_EYE_ROOM = (21.0, 17.0, 24.0)
_NOSE_TIP = (0.0, -36.0, 20.0)

# fmt: off
TRAITS: dict[str, tuple[Term, ...]] = {
    # The skull and the whole.
    "head_width": (Stretch((0, 30, -95), (160, 140, 110), (0.035, 0, 0), 2),),
    "head_length": (Stretch((0, 20, -60), (200, 150, 150), (0, 0, 0.03), 2),),
    "head_height": (Above(15, 110, (0, 4.5, 0)),),
    "face_length": (Above(10, -105, (0, -5.5, 0)),),
    "face_width": (Above(45, -10, widen=0.045, back=-120),),
    "forehead_height": (Push((0, 78, -25), (90, 32, 55), (0, 4.5, 1.0)),),
    "forehead_slope": (Push((0, 70, -20), (80, 36, 50), (0, 0, -4.0)),),
    "forehead_width": (Push((58, 45, -45), (26, 40, 50), (2.8, 0, 0)),),
    "temple_fullness": (Push((60, 18, -40), (14, 26, 26), (2.2, 0, 0.8)),),
    # Brows.
    "brow_ridge": (Push((24, 23, 0), (26, 11, 24), (0, -0.5, 2.2)), Push((0, 22, 4), (14, 11, 16), (0, 0, 0.8))),
    "brow_height": (Push((33, 24, -5), (34, 11, 30), (0, 2.3, -0.2)),),
    "brow_tilt": (Tilt((31, 24, -5), (34, 12, 30), 0.085),),
    "brow_arch": (Push((40, 26, -7), (10, 10, 22), (0, 1.8, 0)), Push((14, 23, 3), (9, 10, 18), (0, -0.8, 0))),
    # Eyes.
    "eye_size": (Stretch(_EYE, _EYE_ROOM, (0.045, 0.055, 0.03), 2),),
    "eye_spacing": (Push(_EYE, _EYE_ROOM, (1.5, 0, 0), 2),),
    "eye_tilt": (Tilt(_EYE, _EYE_ROOM, 0.05, 2),),
    "eye_depth": (Push(_EYE, (23, 18, 26), (0, 0, -1.7), 2),),
    "eye_height": (Push(_EYE, _EYE_ROOM, (0, 1.3, 0), 2),),
    "eye_bags": (Push((31, -16, -9), (14, 5, 14), (0, -0.5, 1.1)), Push((31, -23, -8), (15, 4, 14), (0, 0, -0.7))),
    "lid_hood": (Push((36, 14.5, -8), (14, 4.2, 14), (0, -1.6, 0.9)),),
    # Nose.
    "nose_length": (Push((0, -38, 16), (24, 20, 26), (0, -2.6, 0), 2),),
    "nose_width": (Push((17, -39, 4), (9, 10, 14), (1.9, 0, 0)),),
    "nose_protrusion": (Push(_NOSE_TIP, (19, 24, 26), (0, 0, 2.2)),),
    "nose_bridge_width": (Push((8, -8, 2), (8, 18, 14), (1.3, 0, -0.1)),),
    "nose_bridge_height": (Push((0, 2, 3), (11, 15, 16), (0, 0, 1.9)),),
    "nose_hump": (Push((0, -12, 10), (9, 9, 14), (0, 0, 1.7)),),
    "nose_tip_turn": (Push((0, -38, 22), (13, 9, 13), (0, 2.1, 0.4)), Push((0, -46, 11), (12, 5, 10), (0, 0.6, 0))),
    "nose_tip_width": (Push((7, -35, 20), (8, 8, 9), (1.2, 0, 0.2)),),
    "nose_wing_height": (Push((17, -42, 4), (7, 8, 10), (0, 1.5, 0)),),
    # Mouth.
    "mouth_width": (Stretch((0, -65.5, 4), (44, 15, 34), (0.075, 0, 0), 2),),
    "mouth_height": (Push((0, -65.5, 4), (38, 17, 34), (0, 1.9, 0), 2),),
    "upper_lip_thickness": (Push((0, -59, 12), (21, 3.6, 14), (0, 1.5, 0.7)),),
    "lower_lip_thickness": (Push((0, -73, 11), (21, 4.2, 14), (0, -1.6, 0.7)),),
    "lip_bow": (Push((5, -58, 12), (4, 4, 10), (0, 0.9, 0.3)), Push((0, -59.5, 12), (3, 3.5, 10), (0, -0.9, 0))),
    "lip_protrusion": (Push((0, -66, 10), (26, 13, 18), (0, 0, 1.7)),),
    "mouth_protrusion": (Push((0, -64, 0), (38, 24, 36), (0, 0, 2.0), 2),),
    "mouth_corner_height": (Push((26, -65.5, -3), (9, 8, 12), (0, 1.1, 0)),),
    "philtrum_depth": (Push((0, -52, 9), (3.2, 7, 8), (0, 0, -0.7)), Push((6, -53, 9), (3.2, 7, 8), (0, 0, 0.5))),
    # Cheeks, jaw and chin.
    "cheekbone_width": (Push((61, -20, -42), (18, 19, 34), (2.5, 0, 0)),),
    "cheekbone_prominence": (Push((44, -23, -16), (20, 14, 24), (0.9, 0.3, 2.1)),),
    "cheek_fullness": (Push((42, -55, -22), (20, 22, 30), (2.4, 0, 2.2)), Push((50, -70, -50), (16, 22, 28), (1.8, 0, 0.5))),
    "jaw_width": (Push((50, -78, -62), (22, 28, 42), (3.4, 0, 0)), Push((36, -98, -36), (16, 18, 26), (1.6, 0, 0))),
    "jaw_angle": (Push((50, -78, -72), (22, 22, 30), (0.5, -3.6, -0.8)),),
    "chin_length": (Push((0, -106, 0), (34, 19, 36), (0, -3.4, 0), 2),),
    "chin_protrusion": (Push((0, -97, 2), (28, 18, 26), (0, 0, 2.8)),),
    "chin_width": (Push((16, -100, -4), (13, 14, 20), (2.2, 0, 0.5)),),
    "chin_cleft": (Push((0, -99, 7), (3.6, 8, 8), (0, 0, -1.0)), Push((8, -98, 5), (5, 8, 9), (0, 0, 0.7))),
    "double_chin": (Push((0, -112, -28), (36, 13, 28), (0, -3.6, 1.0)),),
    "sag": (
        Push((28, -84, -18), (12, 13, 18), (0.8, -1.8, 0.8)), Push((26, -53, -4), (7, 11, 12), (-0.4, -0.8, 0.9)),
        Push((33, -60, -10), (6, 12, 13), (0, 0, -0.8)), Push((43, 13, -13), (11, 6, 14), (0, -1.0, 0.3)),
        Push((0, -114, -35), (30, 12, 26), (0, -1.5, 0)), Push((22, -17, -10), (6, 5, 10), (0, 0, -0.7)),
    ),
    # Ears and neck.
    "ear_size": (Stretch((72, -20, -97), (26, 55, 45), (0, 0.085, 0.07), 2),),
    "ear_protrusion": (Push((86, -12, -112), (13, 40, 22), (3.2, 0, 1.2)),),
    "neck_width": (Stretch((0, -150, -108), (140, 52, 120), (0.055, 0, 0.04), 2),),
    # No face is quite symmetric.
    "skewed_nose": (Sideways((0, -34, 18), (18, 18, 24), 1.1),),
    "skewed_mouth": (OneSided(Push((22, -65.5, 0), (20, 14, 24), (0, 1.0, 0))),),
    "skewed_jaw": (Sideways((0, -98, -10), (60, 26, 60), 1.5),),
    "skewed_brows": (OneSided(Push((34, 24, -6), (28, 10, 26), (0, 1.1, 0))),),
    "skewed_eyes": (OneSided(Push(_EYE, _EYE_ROOM, (0, 0.7, 0), 2)),),
}
# fmt: on
"""Fields that make up each trait, for one standard deviation of people."""

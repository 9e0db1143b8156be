"""What the vertices and faces of the ICT Face Model Light are.

Counts, ranges of faces and the vertices of the landmarks are those that its owners
document. Ranges are ``(first, behind the last)``. ``Left`` is the subject's.
"""

import dataclasses

NUM_VERTICES = 26719
NUM_FACES = 26384
NUM_IDENTITIES = 100

LICENCE = (
    "ICT-FaceKit Face Model Light, Copyright (c) 2020 USC Institute for Creative "
    "Technologies, MIT licence"
)
REPOSITORY = "https://github.com/ICT-VGL/ICT-FaceKit"

# fmt: off
EXPRESSIONS = (
    "PupilDilate_L", "PupilDilate_R",
    "browDown_L", "browDown_R", "browInnerUp_L", "browInnerUp_R",
    "browOuterUp_L", "browOuterUp_R", "cheekPuff_L", "cheekPuff_R",
    "cheekRaiser_L", "cheekRaiser_R", "cheekSquint_L", "cheekSquint_R",
    "eyeBlink_L", "eyeBlink_R", "eyeLookDown_L", "eyeLookDown_R",
    "eyeLookIn_L", "eyeLookIn_R", "eyeLookOut_L", "eyeLookOut_R",
    "eyeLookUp_L", "eyeLookUp_R", "eyeSquint_L", "eyeSquint_R",
    "eyeWide_L", "eyeWide_R", "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimple_L", "mouthDimple_R", "mouthFrown_L", "mouthFrown_R",
    "mouthFunnel", "mouthLeft", "mouthLowerDown_L", "mouthLowerDown_R",
    "mouthPress_L", "mouthPress_R", "mouthPucker", "mouthRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthSmile_L", "mouthSmile_R", "mouthStretch_L", "mouthStretch_R",
    "mouthUpperUp_L", "mouthUpperUp_R", "noseSneer_L", "noseSneer_R",
)
"""Files of expression shapes, in alphabetical order."""

FACE_VERTICES = (0, 9409)
NARROW_FACE_VERTICES = (0, 6706)
"""From the chin's lower side to the middle of the forehead, without ears."""
HEAD_VERTICES = (9409, 11248)
"""Back of the head, nape and shoulders."""
LEFT_EYEBALL_VERTICES = (21451, 23021)
RIGHT_EYEBALL_VERTICES = (23021, 24591)

LEFT_SCLERA_FACES, LEFT_IRIS_FACES = (21496, 22296), (22296, 23094)
RIGHT_SCLERA_FACES, RIGHT_IRIS_FACES = (23094, 23894), (23894, 24692)

JAW_LINE = (
    1278, 1272, 12, 1834, 243, 781, 2199, 1447, 966,
    3661, 4390, 3022, 2484, 4036, 2253, 3490, 3496,
)
"""The 17 contour points: the owners' substitute jaw line, which runs along the edge of
the jaw; their Multi-PIE one runs over the cheeks."""
INNER_FACE = (
    268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509,
    978, 4527, 4942, 4857, 1140, 2075, 1147, 4269, 3360,
    1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732,
    5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841,
    5702, 5711, 5533, 6216, 6207, 6470, 5517, 5966,
)
"""The 51 other points of the Multi-PIE mark-up: brows, nose, eyes, mouth."""
MEDIAPIPE = (
    3213, 4116, 2736, 4203, 2734, 4236, 4240, 2509, 4114, 3615, 993, 1916, 495, 2003,
    493, 2040, 2044, 268, 1914, 1401, 3832, 3721, 3742, 3725, 3728, 3731, 3735, 3739,
    3748, 4130, 3754, 3757, 4133, 3723, 3745, 3760, 1623, 1507, 1528, 1511, 1514,
    1517, 1521, 1525, 1534, 1930, 1540, 1543, 1933, 1509, 1531, 1546, 978, 4511, 4527,
    979, 4942, 4857, 1168, 2178, 2075, 1147, 4269, 4371, 3387, 0, 5533, 5517, 5518,
    5784, 5695, 5600, 5708, 5702, 5589, 5657, 6037, 5976, 5981, 5836, 5808, 5802,
    5732, 5867, 5852, 5622, 5579, 6289, 6200, 6105, 6213, 6207, 6094, 6162, 6541,
    6480, 6485, 6341, 6313, 6084, 6237, 6372, 6357, 6127, 6307,
)
"""Vertices nearest to the 105 points of MediaPipe's mesh, in the order of
``geometry.landmarks.MEDIAPIPE_105``: along the edges of lids and lips by the shares of
their length that MediaPipe's points have on faces, the others by the 68 points around."""
LIP_BORDER = (
    5708, 5681, 5920, 5623, 5622, 5601, 5600, 5610, 5634, 5662, 5695, 5720, 5719,
    5768, 5769, 5784, 6043, 6029, 5815, 5829, 5525, 6334, 6320, 6533, 6547, 6289,
    6274, 6273, 6224, 6225, 6200, 6167, 6139, 6115, 6105, 6106, 6127, 6128, 6425,
    6186, 6213, 6185, 6211, 6212, 6494, 6237, 6395, 6300, 6313, 6331, 6346, 6357,
    6375, 6475, 6461, 6480, 6508, 6386, 6438, 5518, 5933, 5881, 6004, 5976, 5957,
    5971, 5870, 5852, 5841, 5826, 5808, 5795, 5890, 5732, 5990, 5707, 5706, 5680,
)
"""The border of the lips, around along edges of the mesh."""
# fmt: on


@dataclasses.dataclass(frozen=True)
class Part:
    """A piece of the mesh that may be left out.

    Attributes:
      faces: ranges of faces with the material of each.
      shown: whether it is imported unless the caller says otherwise.
    """

    faces: tuple[tuple[int, int, str], ...]
    shown: bool = True


CORNEAS = "corneas"
"""The fronts of the eyeballs' outer shells: a part without a range of its own."""

PARTS = {
    "face": Part(((0, 9230, "skin"),)),
    "head": Part(((9230, 11144, "skin"),)),
    "mouth_socket": Part(((11144, 13226, "mouth_interior"),)),
    "eye_sockets": Part(((13226, 14034, "eye_socket"),)),
    "gums": Part(((14034, 15750, "gums"), (15750, 16572, "mouth_interior"))),
    "tongue": Part(((16572, 17006, "tongue"),)),
    "teeth": Part(((17006, 21496, "teeth"),)),
    "eyeballs": Part(((21496, 24692, "sclera"),)),
    CORNEAS: Part((), shown=False),
    "lacrimal_fluid": Part(((24692, 25018, "lacrimal_fluid"),), shown=False),
    "eye_blend": Part(((25018, 25048, "eye_blend"),), shown=False),
    "eye_occlusion": Part(((25048, 25304, "eye_occlusion"),), shown=False),
    "lashes": Part(((25304, 26384, "lashes"),), shown=False),
}
"""Pieces by name. Those that are not shown are made for shaders with transparency: the
corneas, and the strips on which lashes are painted, would hide what lies behind them."""

SHOWN_PARTS = tuple(name for name, part in PARTS.items() if part.shown)

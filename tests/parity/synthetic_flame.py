"""A synthetic stand-in for the FLAME assets, generated from a seed with NumPy only.

FLAME itself is licensed and cannot be stored or shipped.  ``make_synthetic_flame``
builds a random but well-conditioned model with FLAME's file layout, key names,
kinematic tree and array ranks: an ellipsoidal head plus two eyeballs, smooth
random blendshapes, softmax skinning weights, a sparse joint regressor, landmark
embeddings and region masks.  The default topology has FLAME's true counts (5023
vertices, 9976 faces); ``TINY`` gives a model with a few hundred vertices.

Everything is computed in float64 from ``numpy.random.RandomState`` (a stable
stream), so two machines agree to about 1e-12.

Returned dictionary (names as in the public FLAME pickle / landmark files):

    v_template (V,3) f8        f (F,3) uint32        shapedirs (V,3,400) f8
    posedirs (V,3,36) f8       weights (V,5) f8      J_regressor (5,V) f8
    kintree_table (2,5) int64  (parents in row 0, root parent 2**32 - 1)
    l_eyelid, r_eyelid (V,3) f8
    static_lmk_faces_idx (51,) i8        static_lmk_bary_coords (51,3) f8
    dynamic_lmk_faces_idx (79,17) i8     dynamic_lmk_bary_coords (79,17,3) f4
    full_lmk_faces_idx (1,68) i8         full_lmk_bary_coords (1,68,3) f4
    mp_lmk_face_idx (105,) u4            mp_lmk_b_coords (105,3) f8
    mask_face (n,) i8  sorted vertex ids of the rendered face region
    triangle_masks  dict region name -> sorted face ids
"""

from __future__ import annotations

import numpy as np

#: (head rings, head longitudes, eye rings, eye longitudes, faces to drop)
FULL = (131, 30, 16, 34, 30)  # 3931 + 2 * 546 = 5023 vertices, 9976 faces
TINY = (14, 15, 5, 7, 0)  # 211 + 2 * 37 = 285 vertices, 545 faces

PARENTS = np.array([-1, 0, 1, 1, 1])
#: rest joints used to place skinning weights: root, neck, jaw, left eye, right eye
JOINTS = np.array(
    [
        [0.0, -0.08, -0.02],
        [0.0, -0.05, -0.02],
        [0.0, -0.01, 0.01],
        [0.032, 0.035, 0.065],
        [-0.032, 0.035, 0.065],
    ]
)
REGIONS = (
    "neck",
    "right_eyeball",
    "right_ear",
    "lips",
    "nose",
    "left_ear",
    "eye_region",
    "forehead",
    "left_eye_region",
    "right_eye_region",
    "face_clean",
    "cleaner_lips",
    "scalp",
    "boundary",
    "face",
    "left_eyeball",
)


def _grid_faces(offset: int, rings: int, lon: int, closed: bool) -> list[list[int]]:
    """Triangles of a latitude/longitude grid; vertex ``offset`` is the top pole."""
    faces = []

    def vid(r: int, c: int) -> int:
        return offset + 1 + r * lon + c % lon

    for c in range(lon):
        faces.append([offset, vid(0, c), vid(0, c + 1)])
    for r in range(rings - 1):
        for c in range(lon):
            a, b = vid(r, c), vid(r, c + 1)
            d, e = vid(r + 1, c), vid(r + 1, c + 1)
            faces.append([a, d, e])
            faces.append([a, e, b])
    if closed:
        pole = offset + 1 + rings * lon
        for c in range(lon):
            faces.append([pole, vid(rings - 1, c + 1), vid(rings - 1, c)])
    return faces


def _sphere(rings: int, lon: int, closed: bool, phi_end: float) -> np.ndarray:
    """Unit directions; longitude 0 looks along +z, y is up."""
    steps = rings + 1 if closed else rings
    out = [[0.0, 1.0, 0.0]]
    for r in range(rings):
        phi = phi_end * (r + 1) / steps
        for c in range(lon):
            th = 2.0 * np.pi * c / lon
            out.append(
                [np.sin(phi) * np.sin(th), np.cos(phi), np.sin(phi) * np.cos(th)]
            )
    if closed:
        out.append([0.0, -1.0, 0.0])
    return np.asarray(out)


def _smooth_dirs(rng, verts: np.ndarray, amplitudes: np.ndarray) -> np.ndarray:
    """(V,3,K) smooth random displacement fields with the given amplitudes."""
    k = len(amplitudes)
    freq = rng.standard_normal((k, 3)) * 14.0
    phase = rng.uniform(0.0, 2.0 * np.pi, k)
    direction = rng.standard_normal((k, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    wave = np.sin(verts @ freq.T + phase[None])  # (V,K)
    return wave[:, None, :] * (direction * amplitudes[:, None]).T[None]


def make_synthetic_flame(
    seed: int = 0, topology: tuple[int, int, int, int, int] = FULL
) -> dict:
    head_rings, head_lon, eye_rings, eye_lon, drop = topology
    rng = np.random.RandomState(seed)

    # --- geometry: head (open at the bottom) then left and right eyeball
    head = _sphere(head_rings, head_lon, closed=False, phi_end=0.92 * np.pi)
    n_head = len(head)
    nose = np.exp(-((head[:, 0] / 0.18) ** 2 + (head[:, 1] / 0.22) ** 2))
    nose *= head[:, 2] > 0
    head = head * np.array([0.075, 0.11, 0.09])
    head[:, 2] += 0.025 * nose
    eye = _sphere(eye_rings, eye_lon, closed=True, phi_end=np.pi) * 0.012
    verts = np.concatenate([head, eye + JOINTS[3], eye + JOINTS[4]])
    n_eye = len(eye)
    faces = _grid_faces(0, head_rings, head_lon, closed=False)
    if drop:
        faces = faces[:-drop]
    n_head_faces = len(faces)
    faces += _grid_faces(n_head, eye_rings, eye_lon, closed=True)
    n_left_faces = len(faces)
    faces += _grid_faces(n_head + n_eye, eye_rings, eye_lon, closed=True)
    faces = np.asarray(faces, np.int64)
    n_verts = len(verts)
    verts = verts + 1e-4 * rng.standard_normal(verts.shape)

    # --- blendshapes: 300 identity + 100 expression, decaying amplitude
    amp = np.concatenate(
        [0.004 / np.sqrt(1.0 + np.arange(300)), 0.004 / np.sqrt(1.0 + np.arange(100))]
    )
    shapedirs = _smooth_dirs(rng, verts, amp)
    posedirs = _smooth_dirs(rng, verts, np.full(36, 0.003))

    # --- skinning weights: softmax of the distance to the rest joints
    dist = np.linalg.norm(verts[:, None] - JOINTS[None], axis=2)
    logits = -dist / 0.02
    logits[:, 0] -= 2.0
    logits[n_head:, :] -= 20.0
    logits[n_head : n_head + n_eye, 3] += 40.0
    logits[n_head + n_eye :, 4] += 40.0
    weights = np.exp(logits - logits.max(1, keepdims=True))
    weights /= weights.sum(1, keepdims=True)

    # --- joint regressor: a convex combination of the 12 vertices nearest a joint
    regressor = np.zeros((5, n_verts))
    for j in range(5):
        gap = np.linalg.norm(verts - JOINTS[j], axis=1)
        if j < 3:
            gap[n_head:] = np.inf
        near = np.argsort(gap, kind="stable")[:12]
        share = rng.uniform(0.5, 1.5, 12)
        regressor[j, near] = share / share.sum()

    # --- eyelids: a downward bump in front of each eye
    def lid(centre):
        d2 = ((verts - (centre + np.array([0.0, 0.006, 0.012]))) ** 2).sum(1)
        bump = np.exp(-d2 / (2 * 0.008**2))
        bump[n_head:] = 0.0
        return bump[:, None] * np.array([0.0005, -0.009, 0.0015])[None]

    # --- regions
    centre = verts[faces].mean(1)
    is_head = np.arange(len(faces)) < n_head_faces
    front = is_head & (centre[:, 2] > 0.0)
    x, y = centre[:, 0], centre[:, 1]
    sel = {
        "neck": is_head & (y < -0.08),
        "left_eyeball": (np.arange(len(faces)) >= n_head_faces)
        & (np.arange(len(faces)) < n_left_faces),
        "right_eyeball": np.arange(len(faces)) >= n_left_faces,
        "left_ear": is_head & (x > 0.06) & (np.abs(y) < 0.03),
        "right_ear": is_head & (x < -0.06) & (np.abs(y) < 0.03),
        "lips": front & (np.abs(x) < 0.025) & (y < -0.03) & (y > -0.055),
        "cleaner_lips": front & (np.abs(x) < 0.02) & (y < -0.036) & (y > -0.05),
        "nose": front & (np.abs(x) < 0.016) & (np.abs(y) < 0.022),
        "forehead": front & (y > 0.055) & (y < 0.085),
        "eye_region": front & (np.abs(x) < 0.055) & (y > 0.02) & (y < 0.055),
        "left_eye_region": front & (x > 0.01) & (x < 0.055) & (y > 0.02) & (y < 0.05),
        "right_eye_region": front
        & (x < -0.01)
        & (x > -0.055)
        & (y > 0.02)
        & (y < 0.05),
        "face_clean": front & (np.abs(x) < 0.05) & (y > -0.06) & (y < 0.05),
        "scalp": is_head & (y > 0.085),
        "boundary": is_head & (y < -0.095),
        "face": front & (y > -0.085) & (y < 0.09),
    }
    assert set(sel) == set(REGIONS)
    triangle_masks = {k: np.nonzero(v)[0].astype(np.int64) for k, v in sel.items()}
    vert_ok = (verts[:, 2] > -0.005) & (verts[:, 1] > -0.085) & (verts[:, 1] < 0.09)
    vert_ok[n_head:] = False
    mask_face = np.nonzero(vert_ok)[0].astype(np.int64)

    # --- landmarks: random triangles of the frontal region, random barycentrics
    pool = triangle_masks["face"]

    def embed(*shape):
        idx = pool[rng.randint(0, len(pool), shape)]
        bary = rng.uniform(0.05, 1.0, (*shape, 3))
        return idx.astype(np.int64), bary / bary.sum(-1, keepdims=True)

    s_idx, s_bary = embed(51)
    d_idx, d_bary = embed(79, 17)
    m_idx, m_bary = embed(105)
    full_idx = np.concatenate([d_idx[0], s_idx])[None]
    full_bary = np.concatenate([d_bary[0], s_bary])[None]

    kintree = np.stack([PARENTS % 2**32, np.arange(5)]).astype(np.int64)
    return {
        "v_template": verts,
        "f": faces.astype(np.uint32),
        "shapedirs": shapedirs,
        "posedirs": posedirs,
        "weights": weights,
        "J_regressor": regressor,
        "kintree_table": kintree,
        "l_eyelid": lid(JOINTS[3]),
        "r_eyelid": lid(JOINTS[4]),
        "static_lmk_faces_idx": s_idx,
        "static_lmk_bary_coords": s_bary,
        "dynamic_lmk_faces_idx": d_idx,
        "dynamic_lmk_bary_coords": d_bary.astype(np.float32),
        "full_lmk_faces_idx": full_idx,
        "full_lmk_bary_coords": full_bary.astype(np.float32),
        "mp_lmk_face_idx": m_idx.astype(np.uint32),
        "mp_lmk_b_coords": m_bary,
        "mask_face": mask_face,
        "triangle_masks": triangle_masks,
    }

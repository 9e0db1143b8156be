"""A stand-in for ICT-FaceKit: its counts, ranges and eyeballs, but no face."""

import numpy as np

from face_jax.heads.ict import IctGeometry, anatomy
from face_jax.heads.ict.obj import ObjMesh

EYES = {"left": np.array([3.0, 3.5, 8.0]), "right": np.array([-3.0, 3.5, 8.0])}
"""Centres in centimetres."""
CORNEA, IRIS = 0.7, 0.77
"""Half widths in centimetres; the shells have radii 1.5 and 1.4."""

PLAIN_RANGES = (
    ((9409, 11248), (9230, 11144)),
    ((11248, 13294), (11144, 13226)),
    ((13294, 14062), (13226, 14034)),
    ((14062, 17039), (14034, 17006)),
    ((17039, 21451), (17006, 21496)),
    ((24591, 24999), (24692, 25018)),
    ((24999, 25047), (25018, 25048)),
    ((25047, 25351), (25048, 25304)),
    ((25351, 26719), (25304, 26384)),
)
"""Vertices and faces of the parts that are neither face nor eyeball."""


def fake_geometry(identities=("identity000",), expressions=("jawOpen",)) -> IctGeometry:
    """A whole model of random shapes."""
    rng = np.random.default_rng(0)
    count = len(identities) + len(expressions)
    shapes = rng.normal(0, 0.1, (count, anatomy.NUM_VERTICES, 3)).astype(np.float32)
    first = len(identities)
    return IctGeometry(
        fake_mesh(), identities, shapes[:first], expressions, shapes[first:]
    )


def fake_mesh() -> ObjMesh:
    """The neutral head: a bent sheet as face, noise, and two eyeballs."""
    rng = np.random.default_rng(1)
    vertices = rng.uniform(-9, 9, (anatomy.NUM_VERTICES, 3))
    uvs = rng.uniform(0.01, 0.99, (anatomy.NUM_VERTICES, 2))
    faces = np.zeros((anatomy.NUM_FACES, 4), int)
    vertices[9409:11248, 1] -= 12  # down to the shoulders
    vertices[:9409], faces[:9230] = sheet()
    for (start, stop), (first, end) in PLAIN_RANGES:
        faces[first:end] = start + np.arange(end - first)[:, None] % (stop - start - 3)
        faces[first:end] += np.arange(4)
    uvs[17039:21451, 0] += 3  # the teeth's tile
    for side, vertex, face in (("left", 21451, 21496), ("right", 23021, 23094)):
        shells = (outer_shell(), inner_shell())
        for points, texture, rows in shells:
            vertices[vertex : vertex + len(points)] = points + EYES[side]
            uvs[vertex : vertex + len(points)] = texture
            faces[face : face + len(rows)] = np.where(rows < 0, -1, rows + vertex)
            vertex, face = vertex + len(points), face + len(rows)
    whole = np.asarray(faces, np.int32)
    return ObjMesh(vertices.astype(np.float32), whole, uvs.astype(np.float32), whole)


def sheet():
    """97 x 97 vertices and the quadrangles between them, some twice."""
    y, x = np.meshgrid(np.linspace(-16, 12, 97), np.linspace(-9, 9, 97))
    points = np.stack([x, y, 13 - x**2 / 9], -1).reshape(-1, 3)
    corner = (np.arange(96)[:, None] * 97 + np.arange(96)).reshape(-1, 1)
    quads = corner + np.array([0, 97, 98, 1])
    return points, np.concatenate([quads, quads[:14]])


def outer_shell():
    """A sphere with poles: 24 rings of 32, the front 17 of them in the texture's disc."""
    angles = np.concatenate(
        [np.linspace(0, np.arcsin(CORNEA / 1.5), 10)[1:], np.linspace(0.6, 3.0, 15)]
    )
    inner = np.linspace(0, 0.1393, 10)[1:]
    radii = np.concatenate([inner, np.linspace(0.17, 0.49, 15)])
    points, texture = rings(1.5 * np.sin(angles), 1.5 * np.cos(angles), radii, 32)
    points = np.concatenate([[[0, 0, 1.5]], points, [[0, 0, -1.5]]])
    texture = np.concatenate([[[0.5, 0.5]], texture, [[0.1, 0.9]]])
    turn = np.arange(32)
    none = np.full(32, -1)
    front = np.stack([0 * turn, 1 + turn, 1 + (turn + 1) % 32, none], 1)
    back = np.stack([0 * turn + 769, 737 + (turn + 1) % 32, 737 + turn, none], 1)
    return points, texture, np.concatenate([front, 1 + between(24, 32), back])


def inner_shell():
    """A bag: outside from the back to the front, through the pupil, back inside."""
    outside = np.linspace(2.9, 0.65, 14)
    inside = np.linspace(0.4, 2.9, 14)
    width = np.linspace(IRIS, 0.2, 12)
    radii = np.concatenate([1.4 * np.sin(outside), width, 1.2 * np.sin(inside)])
    depths = np.concatenate(
        [1.4 * np.cos(outside), 1.15 + 0 * width, 1.1 * np.cos(inside)]
    )
    disc = np.linspace(0.5, 0.1, 12)
    far = np.full(14, 0.65)
    points, texture = rings(radii, depths, np.concatenate([far, disc, far]), 20)
    cap = np.array([[i, 19 - i, 18 - i, i + 1] for i in range(9)])
    return points, texture, np.concatenate([between(40, 20), cap, 780 + cap[:, ::-1]])


def rings(radii, depths, texture_radii, segments):
    """Circles of points around the z axis and around the middle of the texture."""
    turn = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    circle = np.stack([np.cos(turn), np.sin(turn)], -1)
    flat = radii[:, None, None] * circle
    deep = np.broadcast_to(depths[:, None, None], (*flat.shape[:2], 1))
    texture = 0.5 + texture_radii[:, None, None] * circle
    return np.concatenate([flat, deep], -1).reshape(-1, 3), texture.reshape(-1, 2)


def between(count, segments):
    """Quadrangles between neighbouring rings, outwards where radii grow backwards."""
    turn = np.arange(segments)
    following = (turn + 1) % segments
    quad = np.stack([turn, turn + segments, following + segments, following], 1)
    return (np.arange(count - 1)[:, None, None] * segments + quad).reshape(-1, 4)


def write_obj(path, vertices, mesh: ObjMesh):
    """Writes a mesh in the layout of the owners."""
    lines = ["# a comment", "mtllib a.mtl"]
    lines += ["v " + " ".join(f"{value:.9g}" for value in row) for row in vertices]
    lines += [f"vt {u:.9g} {v:.9g}" for u, v in mesh.uvs]
    lines.append("usemtl M_Face")
    for face, face_uv in zip(mesh.faces + 1, mesh.faces_uv + 1, strict=True):
        corners = zip(face, face_uv, strict=True)
        lines.append("f " + " ".join(f"{a}/{b}" for a, b in corners if a))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def write_folder(folder, geometry: IctGeometry):
    """Writes a folder like the owners' ``FaceXModel``."""
    mesh = geometry.neutral
    write_obj(folder / "generic_neutral_mesh.obj", mesh.vertices, mesh)
    names = geometry.identities + geometry.expressions
    shapes = np.concatenate([geometry.identity_shapes, geometry.expression_shapes])
    for name, shape in zip(names, shapes, strict=True):
        write_obj(folder / f"{name}.obj", mesh.vertices + shape, mesh)

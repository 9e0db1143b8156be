"""Makes a head model from ICT-FaceKit's geometry packed into one small file.

  python -m tests.measure.ict_compact PACKED.npz OUT.npz

The packed file holds what the owners' 158 OBJ files hold, for measurements on machines
that have no copy of them: ``neutral`` [26719, 3] in centimetres, ``faces`` and
``faces_uv`` [26384, 4] with -1 in the last place of triangles, ``uv`` [28911, 2],
``names`` [157], and displacements ``delta_int16`` [157, 26719, 3] times ``delta_scale``
[157].
"""

import sys
from pathlib import Path

import numpy as np

from face_jax.heads.ict import IctGeometry, head_from_geometry
from face_jax.heads.ict.obj import ObjMesh
from face_jax.heads.storage import save_head


def read_packed(path: Path) -> IctGeometry:
    """Reads a packed file, as ``read_files`` reads the owners' folder."""
    with np.load(path, allow_pickle=False) as packed:
        names = [str(name) for name in packed["names"]]
        shapes = packed["delta_int16"] * packed["delta_scale"][:, None, None]
        mesh = ObjMesh(
            packed["neutral"], packed["faces"], packed["uv"], packed["faces_uv"]
        )
    count = sum(name.startswith("identity") for name in names)
    return IctGeometry(
        neutral=mesh,
        identities=tuple(names[:count]),
        identity_shapes=shapes[:count],
        expressions=tuple(names[count:]),
        expression_shapes=shapes[count:],
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    save_head(sys.argv[2], head_from_geometry(read_packed(Path(sys.argv[1]))))

"""ICT-FaceKit's head (MIT licence): 100 identities, 57 expressions with ARKit's names.

The model is learned from light-stage scans (Li et al., "Learning Formation of
Physically-Based Face Attributes", arXiv 2004.03458). It comes with eyes, teeth, gums and
tongue, and is fetched from its owners; nothing of it is part of this library.
"""

from face_jax.heads.ict.anatomy import EXPRESSIONS, PARTS, REPOSITORY, SHOWN_PARTS
from face_jax.heads.ict.build import check_parts, head_from_geometry
from face_jax.heads.ict.fetch import fetch
from face_jax.heads.ict.geometry import IctGeometry, find_files, read_files

__all__ = [
    "EXPRESSIONS",
    "PARTS",
    "REPOSITORY",
    "SHOWN_PARTS",
    "IctGeometry",
    "check_parts",
    "fetch",
    "find_files",
    "head_from_geometry",
    "read_files",
]

"""``face-jax evaluate scan``: how far a scan of a face is from a mesh, by NoW's rules."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from face_jax.mesh_files.reading import Mesh
    from face_jax.metrics.scans import ScanErrors

DESCRIPTION = """\
Aligns a neutral mesh to a scan by seven landmarks, refines the alignment on the scan's
vertices around the face, and measures the distances of all of them to the mesh, as the NoW
challenge does. Meshes are OBJ or PLY files.

Landmarks are .npy files or text of seven lines of x, y and z: outer and inner corner of
the right eye, inner and outer corner of the left one, bottom of the nose, right and left
corner of the mouth; right is the subject's. A mesh with the vertices of a head model needs
no file of its own: name the model by --head."""
EPILOG = """examples:
  face-jax evaluate scan neutral.obj scan.obj --head heads/flame.npz \\
      --scan-landmarks scan.txt --out errors.json
  face-jax evaluate scan neutral.ply scan.ply --landmarks mesh.txt \\
      --scan-landmarks scan.txt --metrical --unit 1000
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    parser.add_argument("mesh", type=Path, metavar="MESH")
    parser.add_argument("scan", type=Path, metavar="SCAN")
    marked = parser.add_mutually_exclusive_group(required=True)
    marked.add_argument(
        "--landmarks", type=Path, metavar="FILE", help="landmarks of the mesh"
    )
    marked.add_argument(
        "--head", metavar="HEAD", help="the head model that the mesh is one of"
    )
    parser.add_argument("--scan-landmarks", type=Path, required=True, metavar="FILE")
    parser.add_argument(
        "--metrical", action="store_true", help="fit no scale: the size counts"
    )
    parser.add_argument(
        "--unit",
        type=float,
        default=1.0,
        metavar="N",
        help="units of the scan in one of the mesh, for --metrical: 1000 for metres "
        "and millimetres (default: 1)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="JSON file of the numbers"
    )


def main(args: argparse.Namespace) -> int:
    """Measures; returns the exit status.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: a file is none of these, or the landmarks do not fit.
    """
    from data_pipelines.prepare.json_files import write_json
    from face_jax.cli.outputs import check_file
    from face_jax.mesh_files.reading import read_mesh
    from face_jax.metrics.scans import scan_to_mesh_errors

    if not 0 < args.unit < float("inf"):
        raise ValueError(f"--unit: expected above 0, got {args.unit}")
    if args.out:
        check_file(args.out)
    mesh, scan = read_mesh(args.mesh), read_mesh(args.scan)
    landmarks = (
        read_landmarks(args.landmarks)
        if args.landmarks
        else landmarks_of_head(args.head, args.mesh, mesh)
    )
    found = scan_to_mesh_errors(
        args.unit * mesh.vertices,
        mesh.faces,
        args.unit * landmarks,
        scan.vertices,
        read_landmarks(args.scan_landmarks),
        metrical=args.metrical,
    )
    report = report_of(found, args.metrical, args.unit)
    if args.out:
        write_json(args.out, report)
    print(
        f"median {found.median:.4g}  mean {found.mean:.4g}  std {found.std:.4g}  "
        f"({len(found.distances)} of {len(found.inside)} vertices, unit of the scan)"
    )
    return 0


def read_landmarks(path: Path) -> "np.ndarray":
    """Landmarks [7, 3] of a file.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: it holds something else.
    """
    import numpy as np

    try:
        if path.suffix == ".npy":
            points = np.load(path, allow_pickle=False)
        else:
            text = path.read_text(encoding="utf-8").replace(",", " ")
            points = np.loadtxt(text.splitlines(), ndmin=2)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path}: expected 7 lines of x y z, or .npy") from error
    if points.shape != (7, 3):
        raise ValueError(f"{path}: expected landmarks [7, 3], got {list(points.shape)}")
    return points


def landmarks_of_head(name: str, path: Path, mesh: "Mesh") -> "np.ndarray":
    """The seven landmarks of a mesh with the vertices of a head model.

    Raises:
      FileNotFoundError: there is no such head.
      ValueError: the mesh has another number of vertices.
    """
    import jax.numpy as jnp
    import numpy as np

    from face_jax.geometry.landmarks import landmarks_7
    from face_jax.heads.library import head

    model = head(name)
    if len(mesh.vertices) != len(model.template):
        raise ValueError(
            f"{path}: expected the {len(model.template)} vertices of the head "
            f"{model.name!r}, got {len(mesh.vertices)}"
        )
    return np.asarray(landmarks_7(model, jnp.asarray(mesh.vertices)), np.float64)


def report_of(found: "ScanErrors", metrical: bool, unit: float) -> dict[str, Any]:
    """The numbers as JSON-like data; the alignment is that of the file's vertices."""
    return {
        "metrical": metrical,
        "median": found.median,
        "mean": found.mean,
        "std": found.std,
        "scale": found.scale * unit,
        "rotation": found.rotation.tolist(),
        "translation": found.translation.tolist(),
        "distances": [round(float(x), 6) for x in found.distances],
    }

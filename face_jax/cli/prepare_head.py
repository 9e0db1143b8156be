"""``face-jax prepare head``: a head model in one file, from its owners' files."""

import argparse
from pathlib import Path

from face_jax.cli.outputs import check_file

DESCRIPTION = """\
Writes a head model as one .npz file, which `face_jax.heads.library.head` and every
command that asks for a head take.

No licensed head comes with this library: you get the files from their owners, under
their terms, and this command converts them once. The terms stay in the file."""
EPILOG = """examples:
  # 100 identities and 57 expressions of ICT-FaceKit (MIT licence), fetched with git
  face-jax prepare head ict ICT-FaceKit --fetch --out heads/ict.npz

  # the same from a copy that you have
  face-jax prepare head ict ~/ICT-FaceKit --out heads/ict.npz

  # FLAME with its landmarks, masks and eyelids
  face-jax prepare head flame generic_model.pkl --assets flame_files --out flame.npz

  # the built-in head
  face-jax prepare head procedural --out heads/procedural.npz
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    models = parser.add_subparsers(dest="model", metavar="MODEL", required=True)
    _add_ict(models.add_parser("ict", help="ICT-FaceKit's, learned from scans"))
    _add_flame(models.add_parser("flame", help="FLAME of any edition"))
    procedural = models.add_parser("procedural", help="the built-in one")
    procedural.set_defaults(build=_procedural)
    for model in models.choices.values():
        _add_output(model)


def main(args: argparse.Namespace) -> int:
    """Builds a head and writes it; returns the exit status.

    Raises:
      ValueError: an argument or a file is wrong.
      OSError: a file is not there, or cannot be fetched or written.
    """
    from face_jax.array_files import check_name
    from face_jax.heads.storage import save_head

    check_name(args.out)
    check_file(args.out)
    head = args.build(args)
    save_head(args.out, head, compact=args.compact)
    print(
        f"{args.out}: {head.name}, {len(head.template)} vertices, "
        f"{head.identity_basis.shape[-1]} identity and "
        f"{head.expression_basis.shape[-1]} expression directions"
    )
    return 0


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", required=True, type=Path, metavar="FILE.npz", help="file to write"
    )
    parser.add_argument(
        "--compact",
        action="store_true",
        help="store directions as 16-bit numbers: a smaller file, positions exact to "
        "about a micrometre",
    )


def _add_ict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", type=Path, metavar="PATH", help="folder of the owners' repository"
    )
    parser.add_argument(
        "--fetch",
        action="store_true",
        help="clone the repository (about 400 MB) into PATH with git first, unless "
        "PATH exists",
    )
    parser.add_argument(
        "--identities",
        type=int,
        default=100,
        metavar="N",
        help="identity directions to take, the strongest first (default: all 100)",
    )
    parser.add_argument(
        "--parts",
        nargs="+",
        metavar="PART",
        help="pieces of the mesh to take (default: what is opaque: no lashes, corneas "
        "and tear films)",
    )
    parser.add_argument(
        "--allow-missing",
        action="store_true",
        help="take the directions whose files are there",
    )
    parser.set_defaults(build=_ict)


def _add_flame(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", type=Path, metavar="MODEL", help="the owners' .pkl or .npz file"
    )
    parser.add_argument(
        "--assets",
        type=Path,
        metavar="DIR",
        help="folder with landmark embeddings, region masks, eyelids, texture "
        "coordinates",
    )
    parser.add_argument(
        "--identities",
        type=int,
        metavar="N",
        help="how many of the model's directions are of identity (default: known for "
        "the owners' models)",
    )
    parser.set_defaults(build=_flame)


def _flame(args: argparse.Namespace):
    from face_jax.heads.flame import load_flame

    return load_flame(args.path, args.assets, num_identity=args.identities)


def _ict(args: argparse.Namespace):
    from face_jax.cli.progress import Progress
    from face_jax.heads import ict

    parts = ict.check_parts(args.parts or ict.SHOWN_PARTS)
    if args.fetch and not args.path.exists():
        print(f"Fetching {ict.REPOSITORY}")
        ict.fetch(args.path)
    files = ict.find_files(
        args.path, identities=args.identities, allow_missing=args.allow_missing
    )
    with Progress(len(files), "files") as progress:
        geometry = ict.read_files(files, progress.update)
    return ict.head_from_geometry(geometry, parts)


def _procedural(args: argparse.Namespace):
    del args
    from face_jax.heads.library import head

    return head("procedural")

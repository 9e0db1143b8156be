"""``face-jax reconstruct``: 3D heads from pictures and videos."""

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from face_jax.cli import input_flags
from face_jax.cli.finder_flags import finder_facts, finder_opener
from face_jax.cli.input_flags import add_faces, add_inputs, crop_rule
from face_jax.cli.outputs import check_folder, check_number, complete_files

if TYPE_CHECKING:
    from face_jax.cli.face_squares import CropRule
    from face_jax.cli.results import Results
    from face_jax.smirk.model import Model

DESCRIPTION = f"""\
Finds the 3D head in pictures and clips with a trained SMIRK model: identity, expression,
jaw, eyelids, head pose and camera of every frame, with meshes and pictures of the result.
Clips of any length run in bounded memory and keep their frame rate and sound.

{input_flags.DESCRIPTION}Frames without a face are written as NaN in the parameters, and plain in the videos.

For each picture or clip NAME the folder OUT/NAME holds
  parameters.npz, .json  all numbers by name; the .json tells shapes, units and meaning
  weights.json or .csv   weights of the named expressions, where the head names them
                         (ARKit-like ones of the built-in head)
  mesh.obj, mesh.glb     the posed head in metres; of clips meshes/mesh_0000.obj, ... or
                         an animated mesh.glb
  overlay.png or .mp4    the whole picture with the drawn face
  pasted.png or .mp4     with --paste-back: the whole picture with what the generator made
  side_by_side.png, .mp4 crop, drawn face, both, and the picture that the generator makes
                         of them, where the checkpoint has one
and OUT/report.json tells what was done, and how much clips tremble."""
EPILOG = """\
examples:
  face-jax reconstruct me.jpg --checkpoint runs/smirk --out heads
  face-jax reconstruct photos/ --checkpoint runs/smirk --mesh glb --out heads

  # a clip, calmed, with a mesh for every frame
  face-jax reconstruct talk.mp4 --landmarks talk.npz --smoothing 0.5 --mesh obj \\
      --checkpoint runs/smirk --out heads

  # a face that fills the square at (120, 40); SMIRK's published weights and your FLAME
  face-jax reconstruct me.jpg --box 120,40,300,300 --checkpoint smirk.npz \\
      --head flame2020.npz --out heads
"""

SHOWN = 224
"""Least side of drawn pictures in pixels, unless another one is asked for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command line."""
    _add_files(parser.add_argument_group("files"))
    add_faces(parser.add_argument_group("faces"), "the run's; published 1.4")
    _add_output(parser.add_argument_group("output"))


def main(args: argparse.Namespace) -> int:
    """Reconstructs as the arguments say; returns the exit status.

    Raises:
      ValueError: an argument or a file is wrong, or no input has a face.
      OSError: a file does not exist or cannot be written.
    """
    _check(args)
    # Imported here so that --help does not wait for JAX.
    from data_pipelines.sources.face_listing import is_clip
    from face_jax.cli.footage import find_inputs
    from face_jax.cli.head_files import Look
    from face_jax.cli.head_frames import Finder
    from face_jax.cli.landmark_errors import neutral_landmarks
    from face_jax.cli.progress import Progress
    from face_jax.cli.reconstruct_run import Run, check_length
    from face_jax.cli.results import Results, open_all
    from face_jax.smirk.model import CROP_SCALE

    rule = crop_rule(args, "centres", CROP_SCALE)
    finder = finder_opener(args)(args.face)
    inputs = find_inputs(args.input, args.landmarks, finder is None)
    stills = [given for given in inputs if not is_clip(given.path)]
    results, look = Results(), Look(args.mesh, args.opacity, args.paste_back)
    moving = [given for given in inputs if is_clip(given.path)]
    model = _load(args)
    if args.crop_scale is None:
        rule = dataclasses.replace(rule, scale=model.crop_scale)
    clips = list(open_all(moving, rule, results, finder))
    for _, footage in clips:
        check_length(footage, look)
    if look.paste_back and not model.has_generator:
        raise ValueError(
            f"--paste-back: {args.checkpoint} has no generator, whose pictures it pastes"
        )
    heads = Finder(model, args.size or max(SHOWN, model.image_size), args.chunk)
    total = len(stills) + sum(len(footage) for _, footage in clips)
    with Progress(total, "frames") as progress:
        neutral = neutral_landmarks(model.head, rule.scale)
        run = Run(heads, args.out, look, neutral, args.smoothing, progress.update)
        run.pictures(stills, rule, results, finder)
        for given, footage in clips:
            run.clip(given.name, footage, results)
    results.check("reconstruct")
    _write_report(args, model, rule, results)
    return 0


def _add_files(group) -> None:
    add_inputs(group)
    group.add_argument(
        "--checkpoint",
        required=True,
        type=Path,
        metavar="DIR",
        help="work directory of a training run; or an .npz of the published weights, "
        "with --head",
    )
    group.add_argument(
        "--step", type=int, metavar="N", help="training step (default: the newest)"
    )
    group.add_argument(
        "--head",
        metavar="FILE",
        help="FLAME for published weights, as `face-jax prepare head` wrote it; runs "
        "know their own head",
    )
    group.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="folder for the results"
    )


def _add_output(group) -> None:
    group.add_argument(
        "--mesh",
        choices=("obj", "glb", "none"),
        help="mesh files (default: obj for pictures, none for clips)",
    )
    group.add_argument(
        "--size",
        type=int,
        metavar="PIXELS",
        help="side of the drawn faces (default: 224, or that of the model's pictures)",
    )
    group.add_argument(
        "--opacity",
        type=float,
        default=0.7,
        metavar="X",
        help="of drawn faces over photographs, 0 to 1 (default: 0.7)",
    )
    group.add_argument(
        "--paste-back",
        action="store_true",
        help="also write whole pictures with the generator's face pasted in softly: "
        "pasted.png or .mp4",
    )
    group.add_argument(
        "--chunk",
        type=int,
        default=8,
        metavar="N",
        help="frames in work at a time; less needs less memory (default: 8)",
    )


def _check(args: argparse.Namespace) -> None:
    check_folder(args.out)
    check_number("--smoothing", args.smoothing, 0, 1)
    check_number("--opacity", args.opacity, 0, 1)
    check_number("--chunk", args.chunk, 1, 1024)
    if args.size is not None:
        check_number("--size", args.size, 16, 2048)


def _load(args: argparse.Namespace) -> "Model":
    from face_jax.smirk.model import from_published, load

    if args.checkpoint.is_file():
        if args.head is None:
            raise ValueError(
                f"--checkpoint {args.checkpoint}: published weights need --head, your "
                "FLAME"
            )
        return from_published(args.checkpoint, args.head)
    if args.head is not None:
        raise ValueError("--head belongs to a file of published weights, not to a run")
    return load(args.checkpoint, args.step)


def _write_report(
    args: argparse.Namespace, model: "Model", rule: "CropRule", results: "Results"
) -> None:
    report: dict[str, Any] = {
        "checkpoint": str(args.checkpoint),
        "step": args.step,
        "head": model.networks.assets.head.name,
        "crop": rule.crop if rule.box is None else list(rule.box),
        "crop_scale": rule.scale,
        "finder": finder_facts(args),
        "face": args.face,
        "smoothing": args.smoothing,
        "jitter": "root mean square of the second differences of the 105 landmarks, "
        "percent of the distance of the outer eye corners",
        "landmark_error": "mean distance from the inner landmarks of the landmark file or "
        "finder (105 of 478, or 51 of 68), percent of the distance of their outer eye "
        "corners; "
        "of_mean_face, of_clip_mean: those of the head's neutral face and of the clip's "
        "own mean landmarks, put into every crop",
        "results": results.entries,
        "left_out": results.skipped,
    }
    with complete_files(args.out) as folder:
        text = json.dumps(report, indent=1, allow_nan=False) + "\n"
        (folder / "report.json").write_text(text, encoding="utf-8")
    for entry in results.entries:
        print(_line(entry))
    print(f"results: {args.out}")


def _line(entry: dict[str, Any]) -> str:
    """What is said of one picture or clip."""
    text = f"{entry['name']}: {entry['frames_with_face']}/{entry['frames']} frames"
    if entry.get("jitter_before") is not None:
        text += (
            f", trembling {entry['jitter_before']:.2f} %, "
            f"{entry['jitter_after']:.2f} % after the filter"
        )
    if "landmark_error" in entry:
        text += f", landmarks off by {entry['landmark_error']:.1f} %"
    if "landmark_error_of_mean_face" in entry:
        text += f" (the mean face: {entry['landmark_error_of_mean_face']:.1f} %)"
    return text

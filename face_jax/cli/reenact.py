"""``face-jax reenact``: pictures of a person and a driving clip in, a video out."""

import argparse
import dataclasses
import json
from pathlib import Path

from face_jax.cli.finder_flags import add_finder, finder_facts, finder_opener

DESCRIPTION = """\
Animates the person of --source by the face in --driving: the result shows the source
person with the driver's head pose and expression, at the driver's frame rate and with
its sound. Clips of any length run in bounded memory.

A source is a picture or a clip; several sources of one person show the model what one
picture hides. Where a landmark file (.npz or .npy) of the same name lies beside a
picture or clip, the face is cropped by it; else the middle square is taken. A --finder
looks for faces instead.
"""
EPILOG = """\
examples:
  face-jax reenact --checkpoint runs/demo --source me.jpg --driving talk.mp4 --out me.mp4

  # calm a trembling driver, and look at both faces
  face-jax reenact --checkpoint runs/demo --source me.jpg --driving talk.mp4 \\
      --smoothing 0.4 --side-by-side --out me.mp4

  # more expression and less head motion than the driver has
  face-jax reenact --checkpoint runs/demo --source me.jpg --driving talk.mp4 \\
      --pose-strength 0.5 --expression-strength 1.3 --out me.mp4

  # the four frames of a clip that show a person best, pasted back into the picture
  face-jax reenact --checkpoint runs/demo --source me.mp4 --pick-sources 4 \\
      --driving talk.mp4 --initial-frame best --paste-back --out me_talks.mp4

  # no landmark files; the second person from the left drives
  face-jax reenact --checkpoint runs/demo --source me.jpg --driving two.mp4 \\
      --finder mediapipe --finder-model face_landmarker.task --driving-face 1 --out me.mp4
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the command line."""
    _add_files(parser.add_argument_group("files"))
    _add_motion(parser.add_argument_group("motion"))
    _add_faces(parser.add_argument_group("faces"))
    _add_output(parser.add_argument_group("output"))


def main(args: argparse.Namespace) -> int:
    """Reenacts as the arguments say; returns the exit status.

    Raises:
      ValueError: an argument or a file is wrong.
      FileNotFoundError: a file does not exist.
    """
    # Imported here so that --help does not wait for JAX.
    from face_jax.cli.driver import open_driver
    from face_jax.cli.faces import CropRule
    from face_jax.cli.outputs import check_file
    from face_jax.cli.progress import Progress
    from face_jax.cli.reenact_video import Output, reenact_video
    from face_jax.cli.sources import pick_sources, read_sources
    from face_jax.fsrt.inference import load

    check_file(args.out)
    if args.report:
        check_file(args.report, "--report")
    rule = CropRule(args.crop, args.crop_scale)
    options = _motion_options(args)
    open_finder = finder_opener(args)
    driver = open_driver(
        args.driving,
        args.driving_landmarks,
        rule,
        args.start,
        args.end,
        open_finder(args.driving_face),
    )
    model = load(args.checkpoint, args.step, dtype=args.dtype)
    sources = read_sources(
        args.source,
        model.image_size,
        landmark_files=args.source_landmarks,
        frames=None if args.pick_sources else args.source_frames,
        rule=rule,
        finder=open_finder(args.source_face),
    )
    if args.pick_sources:
        sources = pick_sources(model, sources, args.pick_sources)
    first = sources.faces[0]
    output = Output(
        path=args.out,
        size=args.size,
        side_by_side=args.side_by_side,
        paste_into=(first.read_full(), first.box) if args.paste_back else None,
        audio=args.audio,
    )
    with Progress(len(driver), "frames") as progress:
        report = reenact_video(
            model,
            sources,
            driver,
            output,
            options,
            initial=args.initial_frame,
            smoothing=args.smoothing,
            chunk=args.chunk,
            on_progress=progress.update,
        )
    _print_report(args.out, report)
    if args.report:
        facts = dataclasses.asdict(report) | {"finder": finder_facts(args)}
        args.report.write_text(json.dumps(facts, indent=2) + "\n")
    return 0


def _add_files(group) -> None:
    group.add_argument(
        "--checkpoint",
        required=True,
        type=Path,
        metavar="DIR",
        help="work directory of a training run",
    )
    group.add_argument(
        "--step", type=int, metavar="N", help="training step (default: the newest)"
    )
    group.add_argument(
        "--dtype",
        choices=("float32", "bfloat16"),
        help="what encoder and decoder compute in; bfloat16 is several times as fast on "
        "accelerators and looks the same; encodings, the softmax and the last layer are "
        "float32 in any case (default: that of the training)",
    )
    group.add_argument(
        "--source",
        required=True,
        nargs="+",
        type=Path,
        metavar="FILE",
        help="pictures or clips of the person to animate; the first one gives the "
        "pose and expression from which relative motion starts",
    )
    group.add_argument(
        "--driving", required=True, type=Path, metavar="CLIP", help="clip that drives"
    )
    group.add_argument(
        "--out", required=True, type=Path, metavar="FILE.mp4", help="video to write"
    )
    group.add_argument(
        "--start",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="where to begin in the driving clip (default: 0)",
    )
    group.add_argument(
        "--end",
        type=float,
        metavar="SECONDS",
        help="where to stop in the driving clip (default: its end)",
    )


def _add_motion(group) -> None:
    group.add_argument(
        "--motion",
        choices=("relative", "absolute"),
        default="relative",
        help="relative: the source moves as the driver does since the initial frame, "
        "and keeps the shape of its face; absolute: the source takes over the driver's "
        "pose as it is (default: relative)",
    )
    group.add_argument(
        "--adapt-scale",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="scale relative motion by the size of the two faces (default: on)",
    )
    group.add_argument(
        "--initial-frame",
        type=_initial_frame,
        default=0,
        metavar="N|best",
        help="driving frame whose face is taken to be in the source's state; `best` "
        "searches for the most similar one (default: 0)",
    )
    group.add_argument(
        "--pose-strength",
        type=float,
        default=1.0,
        metavar="X",
        help="head motion: 0 none (expression only), 1 the driver's, more exaggerates",
    )
    group.add_argument(
        "--expression-strength",
        type=float,
        default=1.0,
        metavar="X",
        help="expression: 0 the source's own (pose only), 1 the driver's, more "
        "exaggerates",
    )
    group.add_argument(
        "--relative-expression",
        action="store_true",
        help="add the driver's change of expression to the source's own, instead of "
        "taking the driver's expression as it is",
    )
    group.add_argument(
        "--smoothing",
        type=float,
        default=0.0,
        metavar="X",
        help="temporal filter against trembling: 0 off, 0.25 to 0.5 for most clips, 1 "
        "strongest (default: 0)",
    )


def _add_faces(group) -> None:
    group.add_argument(
        "--crop",
        choices=("auto", "face", "moving", "centre", "whole"),
        default="auto",
        help="what the model sees of pictures and clips: one square around the face "
        "(face), a square that follows it (moving), both by landmarks or a finder; the "
        "middle square (centre); the whole picture, squeezed (whole); auto is face where "
        "there are landmarks or a finder, else centre",
    )
    add_finder(group, ("source-face", "driving-face"))
    group.add_argument(
        "--crop-scale",
        type=float,
        default=1.25,
        metavar="X",
        help="side of the square around a face over that of the face (default: 1.25)",
    )
    group.add_argument(
        "--driving-landmarks",
        type=Path,
        metavar="FILE",
        help="68-point landmarks of the driving clip, .npz or .npy",
    )
    group.add_argument(
        "--source-landmarks",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="the same for each source, in their order",
    )
    group.add_argument(
        "--source-frames",
        nargs="+",
        type=int,
        default=[0],
        metavar="N",
        help="frames to take from source clips, negative ones from the end (default: 0)",
    )
    group.add_argument(
        "--pick-sources",
        type=_positive,
        metavar="N",
        help="take the N frames of all sources that show most poses and expressions",
    )


def _add_output(group) -> None:
    group.add_argument(
        "--size",
        type=_positive,
        metavar="PIXELS",
        help="side of the rendered face (default: the size of the training pictures)",
    )
    group.add_argument(
        "--side-by-side", action="store_true", help="show the driver to the left"
    )
    group.add_argument(
        "--paste-back",
        action="store_true",
        help="paste the face into the whole first source picture",
    )
    group.add_argument(
        "--audio",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep the driver's sound (default: on)",
    )
    group.add_argument(
        "--chunk",
        type=_positive,
        default=16,
        metavar="N",
        help="frames in work at a time; less needs less memory (default: 16)",
    )
    group.add_argument(
        "--report", type=Path, metavar="FILE.json", help="write the figures there too"
    )


def _motion_options(args: argparse.Namespace):
    from face_jax.fsrt.motion import MotionOptions

    return MotionOptions(
        relative=args.motion == "relative",
        adapt_scale=args.adapt_scale,
        relative_expression=args.relative_expression,
        pose_strength=args.pose_strength,
        expression_strength=args.expression_strength,
    )


def _print_report(path: Path, report) -> None:
    speed = report.frames / max(report.seconds, 1e-9)
    print(
        f"{path}: {report.frames} frames at {report.frame_rate:g} frames/s, made in "
        f"{report.seconds:.1f} s ({speed:.1f} frames/s)"
    )
    print(f"sources: {', '.join(report.sources)}")
    if report.initial_frame is not None:
        print(f"initial driving frame: {report.initial_frame}")
    if report.frames_without_face:
        print(f"driving frames without a face: {report.frames_without_face}")
    print(
        "trembling of the driving keypoints: "
        f"{report.jitter_before:.3f} % of the width, "
        f"{report.jitter_after:.3f} % after the filter"
    )


def _initial_frame(text: str) -> int | str:
    if text == "best":
        return text
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"a frame number or `best` expected, got {text!r}"
        ) from None


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a number >= 1 expected, got {text!r}")
    return int(text)

"""``face-jax evaluate held-out``: scores and ablations of FSRT on frames left out."""

import argparse

from face_jax.cli.run_flags import add_run

DESCRIPTION = """\
Measures a trained FSRT model on frames that training never saw, with pictures.

A source frame of each clip is driven by held-out frames of the same clip (the last
20 %, and every 5th frame before it) and the result is compared with the truth: PSNR,
SSIM and mean absolute error of the whole frame, the mouth and the eyes. Beside it
stands what needs no model (copying the source frame, the mean, the nearest and the
best training frame), and what is left when parts of the motion are shuffled or taken
away. Several clips also drive each other.

Writes report.md, report.json and sheets of pictures (png), and prints the tables."""
EPILOG = """examples:
  face-jax evaluate held-out --checkpoint runs/demo --out runs/demo/evaluation
  face-jax evaluate held-out --checkpoint runs/me --clip me.mp4 --landmarks me.npz --out report
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describes the command line."""
    add_run(parser)
    parser.add_argument(
        "--clip",
        nargs="+",
        metavar="VIDEO",
        help="clips to evaluate on (default: those of the training run). Without "
        "--landmarks the face must fill their middle square, as in training",
    )
    parser.add_argument(
        "--landmarks",
        metavar="PATH",
        help="landmark file of the clip (.npz or .npy), or a folder with one for each "
        "clip, named like it; clips are then cropped to the face",
    )
    parser.add_argument(
        "--source-frames",
        nargs="+",
        type=int,
        metavar="N",
        help="frames of each clip that show the person (default: its first)",
    )
    parser.add_argument(
        "--frames",
        type=int,
        metavar="N",
        help="measure at most so many frames of each hold-out, evenly spread "
        "(default: all)",
    )
    parser.add_argument(
        "--columns",
        type=int,
        default=6,
        metavar="N",
        help="held-out frames shown in a sheet (default: 6)",
    )


def main(args: argparse.Namespace) -> int:
    """Evaluates and writes the report; returns the exit status.

    Raises:
      FileNotFoundError: no such checkpoint, clip or landmark file.
      ValueError: clips that do not fit the model, or flags that do not fit together.
      NotADirectoryError: the report cannot go where it shall.
    """
    from face_jax.cli.conditions import conditions
    from face_jax.cli.console import log_to_console
    from face_jax.cli.held_out_report import write_results
    from face_jax.cli.outputs import check_folder
    from face_jax.cli.subjects import (
        check_landmarks,
        data_of_run,
        data_with_clips,
        read_subjects,
    )
    from face_jax.cli.synthetic_data import ensure
    from face_jax.fsrt import inference
    from face_jax.fsrt.suite import evaluate
    from face_jax.fsrt.summary import METRIC_TITLES
    from face_jax.tables import to_markdown

    log_to_console()
    check_folder(args.out)
    for name in ("frames", "columns"):
        value = getattr(args, name)
        if value is not None and value < 2:
            raise ValueError(f"--{name}: at least 2 expected, got {value}")
    if args.landmarks and not args.clip:
        raise ValueError("--landmarks belongs to --clip, which is not given")
    model = inference.load(args.checkpoint, args.step)
    data = data_of_run(args.checkpoint)
    if args.clip:
        data = data_with_clips(data, args.clip, args.landmarks)
    elif data.get("mixture"):
        raise ValueError(
            "--clip: expected clips to evaluate on, as the run was trained on a mixture "
            f"of {', '.join(sorted(data['mixture']))}"
        )
    ensure(data)
    subjects = read_subjects(data, model.image_size, args.source_frames, args.frames)
    check_landmarks(model, subjects)
    results = evaluate(model, subjects, args.columns)
    items = [
        f"{s.clip.name}: {name} {rows.tolist()}"
        for s in subjects
        for name, rows in s.split.held_out.items()
    ]
    measured = conditions(args.checkpoint, model.variables, data, items, METRIC_TITLES)
    write_results(results, args.out, str(args.checkpoint), measured)
    print("\n".join(to_markdown(table) for table in results.tables()))
    print(f"report and pictures: {args.out}")
    return 0

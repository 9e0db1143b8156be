"""Where the checkpoints of a run lie: a folder for each step in its work directory."""

from pathlib import Path

FOLDER = "checkpoints"
"""Of a work directory, with a folder for each step."""


def newest_first(workdir: Path, step: int | None) -> list[Path]:
    """The folders of a run's checkpoints, intact or not.

    Args:
      workdir: folder of a run, or its ``checkpoints`` folder.
      step: the only one that is wanted; None for all.

    Raises:
      FileNotFoundError: there is none.
    """
    root = workdir if workdir.name == FOLDER else workdir / FOLDER
    found = [p for p in root.glob("*") if p.name.isdigit()] if root.is_dir() else []
    if step is not None:
        found = [p for p in found if int(p.name) == step]
    if not found:
        wanted = "no checkpoint" if step is None else f"no checkpoint of step {step}"
        raise FileNotFoundError(
            f"{workdir}: {wanted} (expected {root}/<step>){runs_inside(workdir)}"
        )
    return sorted(found, key=lambda p: int(p.name), reverse=True)


def runs_inside(folder: Path) -> str:
    """Words for messages: which folders of a folder are runs, such as stages of one.

    Args:
      folder: where a run was expected.

    Returns:
      ``"; runs are in encoders, paths"``, or nothing where there are none.
    """
    names = sorted(path.parent.name for path in folder.glob(f"*/{FOLDER}"))
    return f"; runs are in {', '.join(names)}" if names else ""

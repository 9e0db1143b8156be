"""The tables of an evaluation."""

from collections.abc import Sequence

from face_jax.fsrt.cross_reenactment import SourceSwaps
from face_jax.fsrt.evaluation import ABLATIONS, METHODS, Report
from face_jax.fsrt.scores import WHOLE
from face_jax.tables import Cell, Table

HOLD_OUTS = {"tail": "last 20 %", "every_fifth": "every 5th"}
"""How tables call the usual hold-outs; other names stand for themselves."""
METRIC_TITLES = {
    "psnr": "PSNR in dB, higher is better",
    "ssim": "SSIM, higher is better",
    "l1": "Mean absolute error of colours in [0, 1], lower is better",
}
DECIMALS = {"psnr": 2, "ssim": 3, "l1": 4}


def method_table(report: Report, metric: str = "psnr") -> Table:
    """All methods on every hold-out and region of a clip.

    Args:
      report: the clip's report.
      metric: "psnr", "ssim" or "l1".

    Returns:
      A table whose last row, the model's, is emphasised.
    """
    columns = [
        (name, region)
        for name, hold_out in report.hold_outs.items()
        for region in hold_out.methods["model"]
    ]
    rows: list[list[Cell]] = [
        [title, *(report.hold_outs[n].score(key, r, metric) for n, r in columns)]
        for key, title in METHODS.items()
    ]
    return Table(
        title=f"{report.clip}, held-out frames: {METRIC_TITLES[metric]}",
        header=["", *(f"{_hold_out(n)}: {_region(r)}" for n, r in columns)],
        rows=rows,
        emphasized=len(rows) - 1,
        decimals=DECIMALS[metric],
    )


def ablation_table(report: Report) -> Table:
    """What the model loses when something is taken away from what drives it.

    Args:
      report: the clip's report.

    Returns:
      PSNR of the whole frame and its loss, for every hold-out.
    """
    hold_outs = report.hold_outs.values()
    tried = [key for key in ABLATIONS if all(key in h.ablations for h in hold_outs)]
    model: list[Cell] = [METHODS["model"]]
    for hold_out in hold_outs:
        model += [hold_out.score("model"), None]
    rows = [model]
    for key in tried:
        row: list[Cell] = [ABLATIONS[key]]
        for hold_out in hold_outs:
            row += [hold_out.score(key), hold_out.gain(key)]
        rows.append(row)
    header = [""]
    for name in report.hold_outs:
        header += [f"{_hold_out(name)}: PSNR", "loss"]
    title = f"{report.clip}: is it driven? PSNR of the whole frame in dB"
    return Table(title, header, rows, emphasized=0)


def overview_table(reports: Sequence[Report], hold_out: str = "tail") -> Table:
    """One row for each clip: the model against the baselines on one hold-out."""
    rows: list[list[Cell]] = []
    for report in reports:
        found = report.hold_outs[hold_out]
        scores = [found.score(method) for method in METHODS]
        rows.append([report.clip, *scores, found.gain("copy_source")])
    names = ("copy", "mean", "nearest", "best", METHODS["model"], "over copy")
    title = f"{_hold_out(hold_out)} of every clip: PSNR of the whole frame in dB"
    return Table(title, ["", *names], rows)


def swap_table(swaps: SourceSwaps) -> Table:
    """PSNR of every clip from its own motion with the source of every clip."""
    rows: list[list[Cell]] = [
        [name, *(float(v) for v in psnr), float(cost)]
        for name, psnr, cost in zip(swaps.names, swaps.psnr, swaps.costs(), strict=True)
    ]
    return Table(
        title="Source swaps: rows drive, columns give the source; PSNR in dB",
        header=["", *swaps.names, "cost of a wrong source"],
        rows=rows,
    )


def _hold_out(name: str) -> str:
    return HOLD_OUTS.get(name, name)


def _region(name: str) -> str:
    return "whole" if name == WHOLE else name

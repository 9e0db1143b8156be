"""Fills in jobset.yaml and hands it to ``kubectl apply``: a training on nodes of GKE.

launch/gke/submit.py faces --image REGISTRY/face-jax:tpu --claim shared \
    --tpu tpu-v5-lite-podslice --topology 4x4 --per-node 4 -- \
    --config configs/fsrt/vox256.py --workdir /shared/runs/vox
launch/gke/submit.py faces --image REGISTRY/face-jax:gpu --claim shared \
    --gpu nvidia-h100-80gb --nodes 2 --per-node 8 -- \
    --config configs/fsrt/vox256.py --workdir /shared/runs/vox

What follows ``--`` are arguments of ``face-jax train``. The cluster needs JobSet installed,
and a claim of a volume that many pods may write (ReadWriteMany), mounted at /shared.
``--build`` makes the image first and pushes it. Needs nothing but Python.
"""

import argparse
import json
import math
import re
import string
import subprocess
import sys
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).with_name("jobset.yaml")
ROOT = Path(__file__).parents[2]
PORT = 8476
"""Of the coordinator, in the pod with index 0."""


def manifest(args: argparse.Namespace) -> str:
    """The filled template.

    Args:
      args: what ``arguments`` gives.

    Returns:
      YAML of one JobSet.
    """
    values = tpu_values(args) if args.tpu else gpu_values(args)
    shared = {"name": "FACE_JAX_CACHE", "value": "/shared/cache"}
    values["environment"] = [shared, *values["environment"]]
    values |= {"image": args.image, "claim": args.claim, "arguments": args.train}
    # JSON is YAML: lists, and texts with any characters, need no quoting of our own.
    filled = {name: json.dumps(value) for name, value in values.items()}
    template = string.Template(TEMPLATE.read_text(encoding="utf-8"))
    return template.substitute(filled, name=args.name, relaunches=args.relaunches)


def tpu_values(args: argparse.Namespace) -> dict[str, Any]:
    """One slice; JAX finds coordinator and rank in what GKE tells the pods of a slice."""
    chips = math.prod(map(int, args.topology.split("x")))
    return {
        "annotations": {
            "alpha.jobset.sigs.k8s.io/exclusive-topology": "cloud.google.com/gke-nodepool"
        },
        "nodes": chips // args.per_node,
        "node_selector": {
            "cloud.google.com/gke-tpu-accelerator": args.tpu,
            "cloud.google.com/gke-tpu-topology": args.topology,
        },
        "resources": {"google.com/tpu": args.per_node},
        "environment": [{"name": "FACE_JAX_CLUSTER", "value": "gketpu"}],
    }


def gpu_values(args: argparse.Namespace) -> dict[str, Any]:
    """Nodes with GPUs; a pod's index, which Kubernetes tells it, is its rank."""
    coordinator = f"{args.name}-workers-0-0.{args.name}:{PORT}"
    return {
        "annotations": {},
        "nodes": args.nodes,
        "node_selector": {"cloud.google.com/gke-accelerator": args.gpu},
        "resources": {"nvidia.com/gpu": args.per_node},
        "environment": [
            {"name": "JAX_COORDINATOR_ADDRESS", "value": coordinator},
            {"name": "JAX_NUM_PROCESSES", "value": str(args.nodes)},
        ],
    }


def build(image: str, platform: str) -> None:
    """Makes the image of this repository, and pushes it to its registry.

    Args:
      image: its name, with the registry.
      platform: ``"gpu"`` or ``"tpu"``.
    """
    command = ["docker", "build", "--file", "launch/gke/Dockerfile", "--build-arg"]
    command += [f"PLATFORM={platform}", "--tag", image, "."]
    subprocess.run(command, cwd=ROOT, check=True)
    subprocess.run(["docker", "push", image], check=True)


def main() -> int:
    """Runs what the command line says; returns the exit status."""
    args = arguments()
    filled = manifest(args)
    if args.print:
        print(filled)
        return 0
    try:
        if args.build:
            build(args.image, "tpu" if args.tpu else "gpu")
        command = ["kubectl", "apply", "--filename", "-"]
        subprocess.run(command, input=filled, text=True, check=True)
    except FileNotFoundError as error:
        print(f"submit.py: {error.filename} is not installed", file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        print(f"submit.py: {error}", file=sys.stderr)
        return error.returncode
    return 0


def arguments(command_line: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line.

    Args:
      command_line: its words; None takes the process's.

    Returns:
      The values.

    Raises:
      SystemExit: they are not what is expected.
    """
    parser = argparse.ArgumentParser(
        usage="%(prog)s NAME [options] -- ARGUMENTS OF face-jax train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("name", metavar="NAME", help="of the JobSet")
    add("--image", required=True, help="with its registry")
    add("--claim", required=True, help="persistent volume claim, mounted at /shared")
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--tpu", metavar="TYPE", help="such as tpu-v5-lite-podslice")
    kind.add_argument("--gpu", metavar="TYPE", help="such as nvidia-h100-80gb")
    add("--per-node", required=True, type=int, metavar="N", help="chips or GPUs")
    add("--topology", metavar="AxB[xC]", help="of a TPU slice, such as 4x4")
    add("--nodes", type=int, metavar="N", help="with GPUs")
    add("--relaunches", type=int, default=3, metavar="N", help="after failures (3)")
    add("--build", action="store_true", help="make and push the image first")
    add("--print", action="store_true", help="print the manifest instead")
    add("train", nargs="+", help=argparse.SUPPRESS)
    args = parser.parse_args(command_line)
    if wrong := _wrong(args):
        parser.error(wrong)
    return args


def _wrong(args: argparse.Namespace) -> str | None:
    """What is wrong with the values, if anything is."""
    # Pods are called NAME-workers-0-0-xxxxx, and hosts have at most 63 characters.
    if not re.fullmatch(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?", args.name):
        return (
            f"NAME: expected at most 40 lowercase letters, digits and dashes, beginning "
            f"with a letter, got {args.name!r}"
        )
    if args.per_node < 1:
        return f"--per-node: expected 1 or more, got {args.per_node}"
    if args.gpu and (args.nodes is None or args.nodes < 1):
        return f"--nodes: with --gpu, expected 1 or more, got {args.nodes}"
    if args.tpu and not re.fullmatch(r"\d+(x\d+){1,2}", args.topology or ""):
        return f"--topology: with --tpu, expected such as 4x4, got {args.topology!r}"
    if args.tpu and math.prod(map(int, args.topology.split("x"))) % args.per_node:
        return f"--per-node: {args.topology} chips do not divide by {args.per_node}"
    return None


if __name__ == "__main__":
    raise SystemExit(main())

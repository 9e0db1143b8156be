"""launch/gke: the manifest that is applied, the image, and pods that form a run."""

import json
import re
import shlex
import subprocess
import sys

import pytest
import yaml

from tests.launch.stand_ins import LAUNCH, ROOT, assert_joined, joining, real
from tests.launch.stand_ins import stand_ins as stand_ins
from tests.processes.command import SETTINGS, environment, free_port, losses

FOLDER = LAUNCH / "gke"
COMMON = ("faces", "--image", "registry/faces:1", "--claim", "disk")
TPU = ("--tpu", "tpu-v5-lite-podslice", "--topology", "4x8", "--per-node", "4")
GPU = ("--gpu", "nvidia-h100-80gb", "--nodes", "2", "--per-node", "8")
TRAIN = ("--", "--config", "c.py", "--set", "a=(1, 'b \"c')")


def submit(stand_ins, *words):
    return subprocess.run(
        [sys.executable, str(FOLDER / "submit.py"), *words],
        env=environment(PATH=stand_ins.path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def manifest(stand_ins, *words):
    done = submit(stand_ins, *COMMON, *words, "--print", *TRAIN)
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


def pods(jobset):
    """The one job of a JobSet, and the one container of its pods."""
    (workers,) = jobset["spec"]["replicatedJobs"]
    job = workers["template"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    assert workers["replicas"] == 1
    return job, container


def variables(container):
    return {entry["name"]: entry["value"] for entry in container["env"]}


def test_the_template_is_applied(stand_ins):
    action = "(folder / 'applied').write_text(sys.stdin.read())"
    stand_ins.add("kubectl", action)
    done = submit(stand_ins, *COMMON, *GPU, *TRAIN)
    assert done.returncode == 0, done.stderr
    assert stand_ins.calls() == [["kubectl", "apply", "--filename", "-"]]
    applied = yaml.safe_load((stand_ins.folder / "applied").read_text())
    assert applied == manifest(stand_ins, *GPU)


def test_the_image_is_built_and_pushed_before(stand_ins):
    for program in ("docker", "kubectl"):
        stand_ins.add(program)
    done = submit(stand_ins, *COMMON, *TPU, "--build", *TRAIN)
    assert done.returncode == 0, done.stderr
    build, push, apply = stand_ins.calls()
    assert build[:4] == ["docker", "build", "--file", "launch/gke/Dockerfile"]
    assert build[4:] == [
        *("--build-arg", "PLATFORM=tpu", "--tag", "registry/faces:1", "."),
    ]
    assert push == ["docker", "push", "registry/faces:1"]
    assert apply[0] == "kubectl"


def test_nothing_is_applied_when_the_image_fails(stand_ins):
    stand_ins.add("docker", "sys.exit(3)")
    stand_ins.add("kubectl")
    done = submit(stand_ins, *COMMON, *TPU, "--build", *TRAIN)
    assert done.returncode == 3 and "docker" in done.stderr
    assert not stand_ins.calls("kubectl")


@pytest.mark.parametrize("kind", [TPU, GPU], ids=["tpu", "gpu"])
def test_pods_go_on_together(kind, stand_ins):
    jobset = manifest(stand_ins, *kind)
    assert (jobset["apiVersion"], jobset["kind"]) == (
        "jobset.x-k8s.io/v1alpha2",
        "JobSet",
    )
    job, container = pods(jobset)
    # Whichever pod ends first ends the attempt; left in order it does not count.
    assert job["backoffLimit"] == 0 and job["completionMode"] == "Indexed"
    rules = job["podFailurePolicy"]["rules"]
    assert {rule["action"] for rule in rules} == {"FailJob"}
    codes = {"containerName": container["name"], "operator": "In", "values": [75]}
    assert rules[0]["onExitCodes"] == codes
    assert rules[1]["onPodConditions"][0]["type"] == "DisruptionTarget"
    policy = jobset["spec"]["failurePolicy"]
    assert policy["maxRestarts"] == 3
    assert policy["restartStrategy"] == "BlockingRecreate"
    assert policy["rules"] == [
        {
            "name": "preempted",
            "action": "RestartJobSetAndIgnoreMaxRestarts",
            "onJobFailureReasons": ["PodFailurePolicy"],
        }
    ]
    assert jobset["spec"]["network"]["enableDNSHostnames"]
    pod = job["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    assert pod["terminationGracePeriodSeconds"] >= 120
    assert pod["securityContext"]["runAsNonRoot"]
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}
    assert container["args"] == list(TRAIN[1:])
    assert container["image"] == "registry/faces:1"


def test_pods_of_a_slice(stand_ins):
    jobset = manifest(stand_ins, *TPU)
    job, container = pods(jobset)
    assert job["parallelism"] == job["completions"] == 8
    assert job["template"]["spec"]["nodeSelector"] == {
        "cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
        "cloud.google.com/gke-tpu-topology": "4x8",
    }
    assert container["resources"]["limits"] == {"google.com/tpu": 4}
    assert variables(container)["FACE_JAX_CLUSTER"] == "gketpu"
    assert any("exclusive-topology" in key for key in jobset["metadata"]["annotations"])


def test_pods_with_gpus(stand_ins):
    jobset = manifest(stand_ins, *GPU)
    job, container = pods(jobset)
    assert job["parallelism"] == job["completions"] == 2
    accelerator = {"cloud.google.com/gke-accelerator": "nvidia-h100-80gb"}
    assert job["template"]["spec"]["nodeSelector"] == accelerator
    assert container["resources"]["limits"] == {"nvidia.com/gpu": 8}
    name = jobset["spec"]["replicatedJobs"][0]["name"]
    found = variables(container)
    # JobSet calls the first pod so: set, job and its number, pod, then the service.
    assert found["JAX_COORDINATOR_ADDRESS"] == f"faces-{name}-0-0.faces:8476"
    assert found["JAX_NUM_PROCESSES"] == "2"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("Faces", *COMMON[1:], *GPU), "NAME: expected at most 40 lowercase"),
        ((*COMMON, *GPU[:2], "--per-node", "8"), "--nodes: with --gpu"),
        ((*COMMON, *TPU[:2], "--per-node", "4"), "--topology: with --tpu"),
        ((*COMMON, *TPU[:4], "--per-node", "5"), "4x8 chips do not divide by 5"),
        ((*COMMON, *GPU[:4], "--per-node", "0"), "--per-node: expected 1 or more"),
        ((*COMMON, "--per-node", "4"), "one of the arguments --tpu --gpu is required"),
    ],
)
def test_errors_say_what_is_expected(words, message, stand_ins):
    done = submit(stand_ins, *words, *TRAIN)
    assert done.returncode == 2
    assert message in done.stderr
    assert not stand_ins.calls()


def dockerfile():
    """Instructions of the Dockerfile, in order."""
    text = (FOLDER / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def test_the_image_holds_what_is_installed_and_no_root_runs_it():
    names = [name for name, _ in dockerfile()]
    assert names[0] == "FROM" and names[-2:] == ["USER", "ENTRYPOINT"]
    values = dict(dockerfile())
    assert "--constraint constraints.txt" in values["RUN"]
    assert int(values["USER"]) > 0
    allowed = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    assert allowed[0] == "*"
    for name, words in dockerfile():
        if name == "COPY":
            *sources, _ = words.split()
            for source in sources:
                assert (ROOT / source).exists()
                assert f"!{source}" in allowed


def run_pods(stand_ins, *words):
    """Two pods of the manifest on this machine: the image's entry point, its variables."""
    done = submit(stand_ins, *COMMON, *GPU, "--print", "--", *words)
    job, container = pods(yaml.safe_load(done.stdout))
    found = variables(container)
    # The name of the first pod means nothing here.
    found["JAX_COORDINATOR_ADDRESS"] = f"localhost:{free_port()}"
    found |= {"FACE_JAX_CACHE": str(stand_ins.folder / "cache"), "PLATFORM": "gpu"}
    (entry,) = (
        json.loads(words) for name, words in dockerfile() if name == "ENTRYPOINT"
    )
    running = [
        subprocess.Popen(
            [*entry, *container["args"]],
            cwd=ROOT,
            env=environment(
                PATH=stand_ins.path,
                PYTHONPATH=str(ROOT),
                **found,
                JOB_COMPLETION_INDEX=str(index),
            ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(job["completions"])
    ]
    errors = [process.communicate(timeout=450)[1] for process in running]
    for process, error in zip(running, errors, strict=True):
        assert process.returncode == 0, error


def test_pods_of_a_jobset_are_one_run(stand_ins):
    stand_ins.add("face-jax", joining())
    run_pods(stand_ins, "--config", "c.py", "--set", "a='b c'")
    assert_joined(stand_ins, ["train", "--config", "c.py", "--set", "a='b c'"])


@pytest.mark.slow
def test_pods_of_a_jobset_train_a_smoke_config(stand_ins, tmp_path):
    stand_ins.add("face-jax", real())
    words = [
        "--config",
        "configs/fsrt/demo.py:smoke",
        "--workdir",
        str(tmp_path / "run"),
    ]
    for setting in SETTINGS:
        words += ["--set", setting]
    run_pods(stand_ins, *words)
    assert set(losses(tmp_path / "run")) == {1, 2}


def test_examples_of_the_help_are_accepted(stand_ins):
    text = (FOLDER / "submit.py").read_text().split('"""')[1].replace("\\\n", " ")
    examples = re.findall(r"^launch/gke/submit\.py (.*)$", text, re.M)
    assert len(examples) == 2
    for example in examples:
        words = shlex.split(example)
        at = words.index("--")
        done = submit(stand_ins, *words[:at], "--print", *words[at:])
        assert done.returncode == 0, done.stderr

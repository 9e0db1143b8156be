#!/bin/bash
# Trains on the workers of a Cloud TPU slice, from your own machine. From the repository's
# root, with `gcloud` logged in:
#
#   export NAME=faces ZONE=us-central2-b TYPE=v4-32 RUNTIME=tpu-ubuntu2204-base
#   launch/tpu_vm.sh train --config configs/fsrt/vox256.py --workdir /mnt/shared/runs/vox
#   launch/tpu_vm.sh logs           fetches each worker's log to ./logs/NAME
#   launch/tpu_vm.sh stop           the training saves and ends (end `train` first)
#   launch/tpu_vm.sh delete
#
# `train` queues for the slice if there is none, copies this repository to all workers,
# installs it, and runs `face-jax train` with the arguments on all of them. A slice that was
# preempted is deleted and queued for again, without end; after another failure the training
# is launched again, unless its input is wrong. Ctrl-C ends this loop; the workers go on until `stop` or `delete`.
# Settings, from the environment:
#
#   SPOT=1              a spot slice: cheaper, may be preempted at any time
#   SETUP='...'         a command that every worker runs first: the work directory must lie
#                       on a file system that all workers see, such as one mounted here
#   PYTHON=python3      of the workers, 3.11 or newer; SETUP may install it
#   RELAUNCHES=3        how often after failures, RELAUNCH_WAIT=10 seconds, doubled at each
#   POLL=30             seconds between two looks at the queue
#   LOGS=logs           where `logs` puts them

set -euo pipefail
wrong_input=2 preempted=75
: "${NAME:?name of the slice}" "${ZONE:?its zone}"

tpu() { gcloud compute tpus "$@" --zone="$ZONE"; }
on_all_workers() { tpu tpu-vm ssh "$NAME" --worker=all --command="$1"; }
say() { echo "launch: $*" >&2; }

# Empty if there is none; UNKNOWN if gcloud cannot tell, which has then said why.
slice_state() {
  tpu queued-resources list --filter="name~/$NAME\$" --format='value(state.state)' ||
    echo UNKNOWN
}

create() {
  : "${TYPE:?its accelerator type, such as v4-32}"
  : "${RUNTIME:?its runtime version, such as tpu-ubuntu2204-base}"
  tpu queued-resources create "$NAME" --node-id="$NAME" \
    --accelerator-type="$TYPE" --runtime-version="$RUNTIME" ${SPOT:+--spot}
}

delete() { tpu queued-resources delete "$NAME" --force --quiet; }

# Returns when the slice is there; queues for it where it is not, or no more.
await_slice() {
  local state
  while state=$(slice_state) && [[ $state != ACTIVE ]]; do
    case $state in
    "") create ;;
    FAILED | SUSPENDED)
      say "slice $NAME is $state; queueing for another one"
      delete
      ;;
    *) say "slice $NAME: $state" ;;
    esac
    sleep "${POLL:-30}"
  done
}

# Every worker gets the files that git knows, and an installation of them.
copy() {
  local folder
  folder=$(mktemp -d)
  git ls-files -z | tar -czf "$folder/face_jax.tar.gz" --null -T - &&
    tpu tpu-vm scp "$folder/face_jax.tar.gz" "$NAME:face_jax.tar.gz" --worker=all &&
    on_all_workers "set -e; ${SETUP:-true}; mkdir -p face_jax
      tar -xzf face_jax.tar.gz -C face_jax; cd face_jax
      ${PYTHON:-python3} -m venv .venv
      .venv/bin/pip install --quiet --editable '.[tpu]' --constraint constraints.txt"
  local status=$?
  rm -r "$folder"
  return "$status"
}

# Trains on all workers; what a lost connection has left running is killed first.
run() {
  local arguments
  printf -v arguments ' %q' "$@"
  on_all_workers "cd face_jax && source launch/env.sh tpu || exit
    if kill -KILL \$(cat ../face-jax.pid) 2>/dev/null; then sleep 5; fi
    export FACE_JAX_CLUSTER=gcetpu
    .venv/bin/face-jax train$arguments >>../face-jax.log 2>&1 &
    echo \$! >../face-jax.pid; wait \$!"
}

train() {
  local status copied='' left=${RELAUNCHES:-3} wait=${RELAUNCH_WAIT:-10}
  while true; do
    if [[ $(slice_state) != ACTIVE ]]; then
      copied=''
      await_slice
    fi
    status=0
    { [[ $copied ]] || copy; } && copied=1 && run "$@" || status=$?
    ((status != 0 && status != wrong_input)) || return "$status"
    say "ended with status $status"
    ((status != preempted)) || continue
    sleep "$wait" # until a preemption shows
    if [[ $(slice_state) == ACTIVE ]]; then
      ((left-- > 0)) || return "$status"
      say "launching again ($left left)"
      wait=$((2 * wait))
    fi
  done
}

stop() { on_all_workers "kill -TERM \$(cat face-jax.pid)"; }

logs() {
  local folder=${LOGS:-logs}/$NAME workers worker
  workers=$(tpu tpu-vm describe "$NAME" --format='value(networkEndpoints.len())')
  mkdir -p "$folder"
  for ((worker = 0; worker < workers; worker++)); do
    tpu tpu-vm scp "$NAME:face-jax.log" "$folder/worker$worker.log" --worker="$worker"
  done
}

case ${1:-} in
train | logs | stop | delete | create | copy | run) "$@" ;;
*)
  say "expected train, logs, stop, delete, create, copy or run, got '${1:-}'"
  exit 2
  ;;
esac

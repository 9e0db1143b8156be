# shellcheck shell=bash
# Settings of XLA, NCCL and libtpu by platform: `source launch/env.sh gpu`, or `tpu`.
#
# Each line is described in JAX's documentation ("List of XLA compiler flags", "GPU
# performance tips", "GPU memory allocation") or in that of NCCL and libtpu. What is commented
# out depends on the model and the machine: measure with `face-jax bench train` before and
# after. What you have exported yourself is kept. XLA stops at a flag that it does not know.

case "${1:?expected gpu or tpu}" in
gpu)
  # Overlaps communication between devices with computation.
  XLA_FLAGS="--xla_gpu_enable_latency_hiding_scheduler=true ${XLA_FLAGS:-}"
  # Gradients of up to so many bytes are summed in one all-reduce.
  # XLA_FLAGS="--xla_gpu_all_reduce_combine_threshold_bytes=134217728 ${XLA_FLAGS}"
  export XLA_FLAGS
  # Part of the memory that JAX takes at the start (default: .75).
  # export XLA_CLIENT_MEM_FRACTION=.90
  # Which network NCCL uses between nodes, where it picks the wrong one; and what it does.
  # export NCCL_SOCKET_IFNAME=eth0
  # export NCCL_DEBUG=INFO
  ;;
tpu)
  # Between slices: overlaps the all-reduces of data-parallel gradients with computation.
  # LIBTPU_INIT_ARGS="--xla_tpu_enable_data_parallel_all_reduce_opt=true ${LIBTPU_INIT_ARGS:-}"
  # LIBTPU_INIT_ARGS="--xla_tpu_data_parallel_opt_different_sized_ops=true ${LIBTPU_INIT_ARGS}"
  # Within a slice: fuses communication with the computation around it.
  # LIBTPU_INIT_ARGS="--xla_tpu_enable_async_collective_fusion=true ${LIBTPU_INIT_ARGS:-}"
  export LIBTPU_INIT_ARGS="${LIBTPU_INIT_ARGS:-}"
  ;;
*)
  echo "launch/env.sh: expected gpu or tpu, got $1" >&2
  return 2
  ;;
esac

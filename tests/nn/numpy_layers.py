"""Layers in float64 numpy, written from their definitions: what tests compare with."""

import numpy as np


def convolve(x, kernel, stride=1, padding=(0, 0), mode="constant"):
    """Cross-correlation of [B, H, W, C] with [h, w, C, F]; padding before and after."""
    x = pad(x, padding, mode=mode)
    windows = windowed(x, kernel.shape[:2], stride)
    return np.einsum("byxcij,ijcf->byxf", windows, np.asarray(kernel, np.float64))


def depthwise(x, kernel, stride=1, padding=(0, 0)):
    """The same with kernels [h, w, 1, C], channel by channel."""
    windows = windowed(pad(x, padding), kernel.shape[:2], stride)
    kernel = np.asarray(kernel, np.float64)[:, :, 0]
    return np.einsum("byxcij,ijc->byxc", windows, kernel)


def max_pool(x, side, stride, padding=(0, 0)):
    """Largest value of each window; what lies outside never wins."""
    x = pad(x, padding, constant_values=-np.inf)
    return windowed(x, (side, side), stride).max(axis=(-2, -1))


def norm(x, params, statistics, epsilon=1e-5):
    """Batch norm by stored statistics."""
    mean, variance, scale, bias = (
        np.asarray(array, np.float64)
        for array in (
            statistics["mean"],
            statistics["var"],
            params["scale"],
            params["bias"],
        )
    )
    return (x - mean) / np.sqrt(variance + epsilon) * scale + bias


class Normed:
    """Convolutions and norms of one module, found by name."""

    def __init__(self, variables, epsilon=1e-5):
        self.params = variables["params"]
        self.statistics = variables["batch_stats"]
        self.epsilon = epsilon

    def norm(self, x, name):
        params, statistics = self.params[name], self.statistics[name]
        return norm(x, params, statistics, self.epsilon)

    def conv(self, x, name, **settings):
        return convolve(x, self.params[name]["kernel"], **settings)

    def inner(self, name):
        params, statistics = self.params[name], self.statistics[name]
        variables = {"params": params, "batch_stats": statistics}
        return Normed(variables, self.epsilon)


def dense(x, params):
    """A dense layer with bias."""
    kernel = np.asarray(params["kernel"], np.float64)
    return x @ kernel + np.asarray(params["bias"], np.float64)


def relu(x, slope=0.0):
    """ReLU, or leaky ReLU with a slope below zero."""
    return np.where(x > 0, x, x * slope)


def pad(x, padding, **settings):
    """Pads both spatial axes of [B, H, W, C] by the same (before, after)."""
    x = np.asarray(x, np.float64)
    return np.pad(x, ((0, 0), padding, padding, (0, 0)), **settings)


def windowed(x, sides, stride):
    """Windows [B, H', W', C, h, w] of [B, H, W, C]."""
    windows = np.lib.stride_tricks.sliding_window_view(x, sides, axis=(1, 2))
    return windows[:, ::stride, ::stride]

"""Layers and backbones that systems share."""

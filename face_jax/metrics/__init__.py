"""Measures of image quality and of landmark tracks, one number per sample."""

"""Latent-OFER: the masked autoencoder, detector, refinement and recogniser."""

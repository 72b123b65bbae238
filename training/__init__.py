"""Data, networks, losses, training and evaluation of SoundEQnet and its siblings."""

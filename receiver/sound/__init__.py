"""Samples to the loudspeaker, in step with the picture."""

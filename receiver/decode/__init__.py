"""From encoded frames to pictures and samples."""

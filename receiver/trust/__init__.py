"""Identity, CPace pairing, sealed frames: who may talk to this display (DDP.md section 4)."""

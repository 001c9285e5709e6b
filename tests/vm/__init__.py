"""The lab: QEMU guests with real kernel interfaces. ``scripts/test --vm`` runs it, and nothing else does."""

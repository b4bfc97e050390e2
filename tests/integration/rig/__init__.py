"""The rig: the real binary, and what stands in for the rest of the world."""

"""Smaller networks: quantization, gates, distillation, and the runs that go on from a trained network."""

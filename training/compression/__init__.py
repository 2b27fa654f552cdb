"""Smaller networks: quantization, gates, distillation and runs that go on from a trained network; may import all of
`nets`, `loop`, `volumes`, `export`."""

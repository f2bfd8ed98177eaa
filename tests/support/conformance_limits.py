"""What an engine cannot do, and why: the known exceptions to the conformance table.

``LIMITS[engine, what]`` is the reason.  The tests hold every limit to be true as well: one
that no longer applies fails.
"""

_PROMOTES = "promotes by rules of its own, in which a plain number widens an array"

LIMITS = {
    ("jax", "subnormal numbers"): "XLA takes subnormal numbers of float32 and float64 for 0",
    ("torch", "plain numbers"): "its functions take tensors, no Python numbers",
    ("numexpr", "float16"): "has no float16, and computes in float32",
    ("numexpr", "slopes in float32"): f"{_PROMOTES}: for an H0 that is no integer to float64",
    ("numba", "float16"): "has no arrays of float16 on CPUs",
    ("numba", "slopes in float32"): f"{_PROMOTES}: for an H0 other than 0 to float64",
    ("numba", "int32"): f"{_PROMOTES}: for an H0 of 1 to int64",
}

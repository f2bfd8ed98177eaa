"""Matrix expressions: functions of entries, an algebra that keeps what was written, one reading."""

from symrelu.matrices.elementwise import Elementwise, elementwise

__all__ = ["Elementwise", "elementwise"]

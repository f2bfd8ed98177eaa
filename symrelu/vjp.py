"""The former home of the rules of gradients; it goes with the next release."""

from symrelu._moved import moved

__getattr__ = moved("symrelu.vjp", "symrelu.gradients")

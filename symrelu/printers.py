"""The former home of the rules of code; it goes with the next release."""

from symrelu._moved import moved

__getattr__ = moved("symrelu.printers", "symrelu.code")

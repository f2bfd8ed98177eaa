"""The algebra of kinks: conversion to ReLU, broken lines, and identities of the values."""

from symrelu.kinks.conversion import as_relu, broken_line
from symrelu.kinks.identities import relusimp

__all__ = ["as_relu", "broken_line", "relusimp"]

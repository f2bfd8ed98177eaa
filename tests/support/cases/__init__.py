"""Tables of matrix expressions, by subject."""

from support.cases import (
    bodies,
    books,
    classification,
    losses,
    networks,
    questions,
    strangers,
    vocabulary,
)

CASES = [
    *classification.CASES,
    *bodies.CASES,
    *losses.CASES,
    *networks.CASES,
    *books.CASES,
    *questions.CASES,
    *strangers.CASES,
    *vocabulary.CASES,
]

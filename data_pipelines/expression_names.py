"""Names of expressions, in one order for all of the data half."""

EXPRESSIONS = (
    "neutral",
    "happiness",
    "sadness",
    "surprise",
    "fear",
    "disgust",
    "anger",
    "contempt",
)
"""In AffectNet's order; synthetic faces show all but the last."""

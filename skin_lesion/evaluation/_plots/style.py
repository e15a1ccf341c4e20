"""The look that all plots share."""

# Okabe and Ito, "Color universal design" (2008): told apart by all kinds of colour vision.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

"""The style of all plots."""

# Okabe and Ito, "Color universal design" (2008): distinguishable with any colour vision.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

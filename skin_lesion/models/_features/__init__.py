"""Features: of an image by a frozen network, and of a lesion relative to the patient's others."""

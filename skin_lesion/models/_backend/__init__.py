"""What no Keras API offers: threads, seeds, gradients, memory."""

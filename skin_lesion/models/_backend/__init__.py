"""Beyond the API of Keras: threads, seeds, gradients and memory."""

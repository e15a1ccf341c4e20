"""Read the releases of the ISIC challenges and of the archive, and MedMNIST's DermaMNIST."""

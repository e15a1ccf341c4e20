"""Load releases of the ISIC challenges and of the ISIC archive, and DermaMNIST of MedMNIST."""

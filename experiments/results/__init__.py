"""What lies on the disk of a run: its folder, its manifest, the rows of its trials."""

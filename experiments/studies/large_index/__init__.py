"""Indexes of thousands of songs for studies: songs to fill them with, and room on the disk."""

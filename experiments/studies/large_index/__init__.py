"""Indexes of thousands of songs for studies: what is learned into them, and room on the disk."""

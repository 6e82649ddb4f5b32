"""Uploads: admitted, received in parts, checked, and kept where the index names them."""

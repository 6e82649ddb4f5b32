"""What the service answers, as documented types."""

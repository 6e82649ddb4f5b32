"""What keeps the service running: its folders, log, metrics, and the check before it starts."""

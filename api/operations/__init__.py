"""Operation of the service: its folders, log, metrics, and the check before it starts."""

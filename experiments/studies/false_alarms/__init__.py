"""False alarms in libraries that are many times as large as a corpus."""

"""Ask an index about queries whose answers are known, and keep a row for each."""

"""Many files at once: learned or indexed anew on all cores, and safe to interrupt."""

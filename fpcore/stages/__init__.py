"""The stages of the pipeline, one a module; none of them knows another."""

"""Plan files: what the operator declares, loaded and checked before Azure is asked anything."""

"""The storages: one file per engine."""

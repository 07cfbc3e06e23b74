"""Files that survive crashes: what the storages and the objects that live in files share."""

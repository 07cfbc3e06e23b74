"""Where the views' rows are kept: storages with the two verbs of a layer that loads and saves everything."""

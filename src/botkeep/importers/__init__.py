"""What users have elsewhere, brought into a storage: one module for each foreign format.

Each has one coroutine, ``import_documents(source, target, *, ..., overwrite=False, on_progress=None)``, which
returns a `botkeep.migrate.Migration`. All of the source is read and checked before anything is written, so
that a source with something in it that cannot be carried over leaves the target as it was. What the target
holds is never replaced unless ``overwrite`` is True. The source is only read.

All raise `botkeep.MigrationError`, with the keys that are the trouble, and `botkeep.StorageError` for a
source or a target that cannot be reached or is something else.
"""

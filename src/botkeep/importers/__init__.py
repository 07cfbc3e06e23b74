"""What users have elsewhere, brought into a storage.

A format is a coroutine function ``(source, target, *, ..., **settings)`` that returns a
`botkeep.migrate.Migration`; it stands in the adapter of the framework whose layout it knows, and
``command.FORMATS`` lists it. All of the source is read into `staging.StagedDocuments` before anything is
written, so that a source which is something else leaves the target as it was. The source is only read, and
what the target holds is replaced only with ``overwrite=True``.

All raise `botkeep.MigrationError`, with the keys that could not be imported, and `botkeep.StorageError` for a
source or a target that cannot be reached or is something else.
"""

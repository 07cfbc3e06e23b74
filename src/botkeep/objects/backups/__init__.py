"""Backups of live objects: into files of a folder, or into any storage."""

from __future__ import annotations

from botkeep.objects.backups.base import Backups
from botkeep.objects.backups.daily_copies import DailyCopies
from botkeep.objects.backups.export import Imported
from botkeep.objects.backups.folder import FolderBackups
from botkeep.objects.backups.persistable import Persistable
from botkeep.objects.backups.storage import StorageBackups

__all__ = ["Backups", "DailyCopies", "FolderBackups", "Imported", "Persistable", "StorageBackups"]

"""Backups of live objects: into files of a folder, or into any storage."""

from __future__ import annotations

from holdfast.objects.backups.base import Backups
from holdfast.objects.backups.daily_copies import DailyCopies
from holdfast.objects.backups.export import Imported
from holdfast.objects.backups.folder import FolderBackups
from holdfast.objects.backups.persistable import Persistable
from holdfast.objects.backups.storage import StorageBackups

__all__ = ["Backups", "DailyCopies", "FolderBackups", "Imported", "Persistable", "StorageBackups"]

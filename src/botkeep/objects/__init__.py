"""Live objects that survive: in a file of their own, or backed up in a cycle."""

from __future__ import annotations

from botkeep.objects.backups.base import Backups
from botkeep.objects.backups.daily_copies import DailyCopies
from botkeep.objects.backups.default import export_all, import_all, register, unregister, use_folder
from botkeep.objects.backups.export import Imported
from botkeep.objects.backups.folder import FolderBackups
from botkeep.objects.backups.persistable import Persistable
from botkeep.objects.backups.storage import StorageBackups
from botkeep.objects.convert import (
    exclude,
    from_dict,
    replace_dataclass,
    replace_dict,
    replace_list,
    replace_set,
    to_dict,
)
from botkeep.objects.stateful.profiles import profile_path
from botkeep.objects.stateful.stateful_object import StatefulObject

__all__ = [
    "Backups",
    "DailyCopies",
    "FolderBackups",
    "Imported",
    "Persistable",
    "StatefulObject",
    "StorageBackups",
    "exclude",
    "export_all",
    "from_dict",
    "import_all",
    "profile_path",
    "register",
    "replace_dataclass",
    "replace_dict",
    "replace_list",
    "replace_set",
    "to_dict",
    "unregister",
    "use_folder",
]

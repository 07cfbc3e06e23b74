"""Live objects that survive: in a file of their own, or backed up in a cycle."""

from __future__ import annotations

from holdfast.objects._exports import Imported
from holdfast.objects.backups import Backups
from holdfast.objects.convert import (
    exclude,
    from_dict,
    replace_dataclass,
    replace_dict,
    replace_list,
    replace_set,
    to_dict,
)
from holdfast.objects.copies import DailyCopies
from holdfast.objects.folder_backups import FolderBackups
from holdfast.objects.persistable import Persistable
from holdfast.objects.profiles import profile_path
from holdfast.objects.registering import export_all, import_all, register, unregister, use_folder
from holdfast.objects.stateful import StatefulObject
from holdfast.objects.storage_backups import StorageBackups

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

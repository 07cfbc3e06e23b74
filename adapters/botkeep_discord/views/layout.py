"""Layout views (components v2) that are alive after a restart; they need discord.py 2.6."""

from __future__ import annotations

import discord

from botkeep_discord.views.persistent import Persistent

if not hasattr(discord.ui, "LayoutView"):
    raise ImportError(
        f"PersistentLayoutView needs discord.py 2.6 or newer, and this is {discord.__version__}: "
        "upgrade it, or use PersistentView"
    )


class PersistentLayoutView(Persistent, discord.ui.LayoutView):
    """A `discord.ui.LayoutView` that survives restarts."""

"""The peers, each set up as its own users have it: a module for each, which imports it plainly.

Those on SQLite run with WAL and ``synchronous=FULL``. FULL is SQLite's default
(sqlite.org/pragma.html#pragma_synchronous), so kurigram-addons, which asks for WAL and no more, commits as
durably as Botkeep's "full". The checkpoint every 1,000 pages is the default too, for all.
"""

from __future__ import annotations

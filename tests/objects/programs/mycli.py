"""A command that remembers the profile it was last used with, and the last ten commands."""

from __future__ import annotations

import argparse

from botkeep.objects import StatefulObject


class Session(StatefulObject):
    def __init__(self) -> None:
        super().__init__(state_file="~/.mycli/session.json")
        self.last_profile: str = getattr(self, "last_profile", "default")
        self.recent_commands: list[str] = getattr(self, "recent_commands", [])

    def set_profile(self, profile: str) -> None:
        self.last_profile = profile
        self._save_state()

    def add_command(self, command: str) -> None:
        self.recent_commands = [*self.recent_commands, command][-10:]
        self._save_state()


parser = argparse.ArgumentParser()
parser.add_argument("--profile")
parser.add_argument("command")
arguments = parser.parse_args()
session = Session()
if arguments.profile:
    session.set_profile(arguments.profile)
session.add_command(arguments.command)
print(f"Using profile: {session.last_profile}\nBuilding...")  # noqa: T201 # a command talks in the terminal

"""A NiceGUI page with a slider, driven by NiceGUI's own test client, before and after a restart."""

from __future__ import annotations

import json
from pathlib import Path

from nicegui import ui
from nicegui.testing.user_simulation import user_simulation

SCRIPT = Path(__file__).parent / "programs" / "slider.py"


async def test_what_a_slider_was_set_to_survives_a_restart(home: Path) -> None:
    for before, after in [(1.0, 7.5), (7.5, 3.2), (3.2, 3.2)]:
        async with user_simulation(main_file=SCRIPT) as user:
            await user.open("/")
            found = [slider.value for slider in user.find(ui.slider).elements]
            user.find(ui.slider).trigger("update:modelValue", after)

        assert found == [before]
        (path,) = (home / ".slider").iterdir()
        assert json.loads(path.read_text()) == {"value": after}

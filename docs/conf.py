"""How Sphinx makes a site of docs/ and of the docstrings: `make docs`."""  # noqa: INP001 # Sphinx reads it by its path

from __future__ import annotations

from importlib import metadata

project = "Botkeep"
release = metadata.version("botkeep")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "contents"
html_theme = "furo"
html_title = f"Botkeep {release}"
myst_heading_anchors = 3

# `name` in a docstring links to what it names, where that is one of ours.
default_role = "py:obj"
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_use_ivar = True

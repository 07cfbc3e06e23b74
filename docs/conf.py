"""How Sphinx makes a site of docs/ and of the docstrings: `make docs`."""  # noqa: INP001 # Sphinx reads it by its path

from __future__ import annotations

from importlib import metadata

project = "Botkeep"
release = metadata.version("botkeep")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "index"
copyright = "the authors of Botkeep, MIT licence"  # noqa: A001 # Sphinx reads it by this name
exclude_patterns = ["README.md"]
html_theme = "furo"
html_title = f"Botkeep {release}"
html_static_path = ["_static"]
html_css_files = ["narrow.css"]
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
# Not all that the README links to is on the site; tests/test_links.py checks that it is there.
suppress_warnings = ["myst.xref_missing"]

# `name` in a docstring links to what it names, where that is one of ours.
default_role = "py:obj"
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_use_ivar = True

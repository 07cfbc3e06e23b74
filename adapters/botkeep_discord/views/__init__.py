"""Views, modals and their state that are alive after a restart."""

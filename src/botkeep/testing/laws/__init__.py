"""The laws of every storage: a family a file, named as in `botkeep.abc`."""

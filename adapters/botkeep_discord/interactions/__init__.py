"""What happens between an interaction and its response: who acts, how long Discord waits, the answer."""

"""The asynchronous client; `scripts/generate_sync.py` makes the synchronous one of it."""

"""The synchronous client, made of `_async` by `scripts/generate_sync.py`, except for `compat.py` and `work.py`."""

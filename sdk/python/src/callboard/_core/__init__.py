"""What the sync and the async client share: decisions and parsing, without input or output."""

"""The worker: claims jobs, keeps their leases and runs a handler for each. Synchronous handlers run on threads."""

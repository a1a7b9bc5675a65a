"""The page, the API and the metrics of a ledger, in one process on this machine."""

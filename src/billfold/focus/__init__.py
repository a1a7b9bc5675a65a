"""FOCUS files and questions: the ledger's rows as the four datasets, written, checked and queried."""

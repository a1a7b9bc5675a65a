"""Journals: issued invoices as entries of books of account, and the files in which accounting programs take them."""
